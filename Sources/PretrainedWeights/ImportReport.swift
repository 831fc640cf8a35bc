/// What became of every tensor of a file and every parameter of a model when one was read into the other.
///
/// Every parameter is in exactly one of `taken`, `missing`, `shapeDiffers` and `untouched`; every tensor of the file
/// that was not asked for is in one of `notUsed` and `unexpected`.
public struct ImportReport: Equatable, Sendable {
  /// Parameters that have their values from the file, by name.
  public var taken: [String] = []
  /// Where the values of a taken parameter come from, e.g. `visual_projection.weight, transposed`.
  public var origins: [String: String] = [:]
  /// Parameters that should have and the file lacks: `name: no TENSOR`.
  public var missing: [String] = []
  /// Tensors of the file that nothing asked for and nobody expected there.
  public var unexpected: [String] = []
  /// Tensors of the file that belong there, and that this import has no use for.
  public var notUsed: [String] = []
  /// Parameters whose tensor has another shape: `name: file [a, b], model [c, d]`.
  public var shapeDiffers: [String] = []
  /// Parameters that the file has nothing for by design; they keep their starting values.
  public var untouched: [String] = []
  /// What whoever starts the run should know, a sentence each.
  public var notes: [String] = []

  public init() {}

  /// One line of counts.
  public var summary: String {
    "\(taken.count) parameters taken, \(missing.count) missing, \(shapeDiffers.count) of another shape, \(untouched.count) "
      + "untouched; \(notUsed.count) tensors not used, \(unexpected.count) unexpected"
  }

  /// The whole report, for people.
  ///
  /// - Parameter heading: the first line: which file, by which names.
  public func text(heading: String) -> String {
    let parts: [(String, [String])] = [
      ("Notes", notes), ("Parameters missing in the file", missing),
      ("Parameters of another shape", shapeDiffers),
      ("Parameters taken", taken.map { name in origins[name].map { "\(name) <- \($0)" } ?? name }),
      ("Parameters untouched: they keep their starting values", untouched),
      ("Tensors of the file not used", notUsed), ("Tensors of the file that nobody expected", unexpected),
    ]
    return "\(heading)\n\(summary)\n"
      + parts.filter { !$0.1.isEmpty }
      .map { title, lines in "\n\(title) (\(lines.count)):\n" + lines.map { "  \($0)\n" }.joined() }.joined()
  }
}
