import NeuralNetworks
import SGMNModel
import WeightFiles

/// Weights of a file into a model.
public struct WeightImport: ImportedWeights {
  public let plan: ImportPlan
  public var report: ImportReport { plan.report }
  public var heading: String { plan.heading }
  private let file: any WeightFile

  /// Opens a file, and the `config.json` beside it where there is one, and compares them with the model; reads no values.
  ///
  /// - Parameter leavesText: whether the model's text encoder is none of this file's business, for it has its weights
  ///   elsewhere.
  /// - Throws: the faults of `WeightFiles.open` and `ImportPlan`.
  public init(
    _ request: ImportPlan.Request, path: String, arena: ParameterArena, model: ModelConfiguration,
    leavesText: Bool = false
  ) throws {
    try self.init(
      request, file: WeightFiles.open(path), stated: CLIPSettings.read(beside: path), arena: arena, model: model,
      leavesText: leavesText)
  }

  /// The same with a file that is open already.
  init(
    _ request: ImportPlan.Request, file: any WeightFile, stated: CLIPSettings? = nil, arena: ParameterArena,
    model: ModelConfiguration, leavesText: Bool = false
  ) throws {
    self.file = file
    let entries = leavesText ? arena.entries.filter { !$0.name.hasPrefix(TextImport.prefix) } : arena.entries
    plan = try ImportPlan(
      request, shapes: file.shapes, targets: entries.map { ($0.name, $0.parameter.shape) }, model: model,
      path: file.path, stated: stated)
  }

  /// What the log says of it: file, format, names and counts.
  public var summary: String {
    "weights from \(file.path) (\(file.format), names of \(plan.found.naming.rawValue)): \(plan.report.summary)"
  }

  public func write(into arena: ParameterArena, goesOn: () -> Void) throws {
    try plan.check()
    for entry in arena.entries {
      guard let recipe = plan.recipes[entry.name] else { continue }
      try arena.write(entry, by: recipe, from: file)
      goesOn()
    }
  }
}
