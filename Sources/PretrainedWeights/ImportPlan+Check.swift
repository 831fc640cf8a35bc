import Faults

extension ImportPlan {
  /// Throws `Fault(.configuration)` where the model and the file do not go together: where a parameter that was asked for
  /// is missing or has another shape, the file's encoder is deeper than the model's, or the weights would mean something
  /// else in it.
  public func check() throws {
    let unfit = report.missing + report.shapeDiffers
    guard !unfit.isEmpty || !settings.isEmpty || !problems.isEmpty else { return }
    var told = problems
    if !unfit.isEmpty {
      told.append(
        "\(report.missing.count) parameter(s) missing in the file, \(report.shapeDiffers.count) of another shape: "
          + ImportPlan.list(unfit))
    }
    throw Fault(
      .configuration, told.isEmpty ? "The model is not the file's" : told.joined(separator: ". "), at: path,
      remedy: settings.isEmpty
        ? "Take a file \(unfit.isEmpty ? "that suits the model" : "with the whole model in it"), or leave it out"
        : "Set \(settings.joined(separator: " ")), or take a file that suits the model")
  }

  /// The first three, for a message.
  static func list(_ names: [String]) -> String {
    names.prefix(3).joined(separator: "; ") + (names.count > 3 ? "; …" : "")
  }
}
