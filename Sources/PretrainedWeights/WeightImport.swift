import CVectorKernels
import Faults
import NeuralNetworks
import SGMNModel
import TensorCore
import WeightFiles

/// Weights of a file into a model.
public struct WeightImport {
  public let plan: ImportPlan
  private let file: any WeightFile

  /// Opens a file, and the `config.json` beside it where there is one, and compares them with the model; reads no values.
  ///
  /// - Throws: the faults of `WeightFiles.open` and `ImportPlan`.
  public init(_ request: ImportPlan.Request, path: String, arena: ParameterArena, model: ModelConfiguration) throws {
    try self.init(
      request, file: WeightFiles.open(path), stated: CLIPSettings.read(beside: path), arena: arena, model: model)
  }

  /// The same with a file that is open already.
  init(
    _ request: ImportPlan.Request, file: any WeightFile, stated: CLIPSettings? = nil, arena: ParameterArena,
    model: ModelConfiguration
  ) throws {
    self.file = file
    plan = try ImportPlan(
      request, shapes: file.shapes, targets: arena.entries.map { ($0.name, $0.parameter.shape) }, model: model,
      path: file.path, stated: stated)
  }

  /// What the log says of it: file, format, names and counts.
  public var summary: String {
    "weights from \(file.path) (\(file.format), names of \(plan.found.naming.rawValue)): \(plan.report.summary)"
  }

  /// Writes the values of all parameters that are taken; one tensor of the file is in memory at a time. Whoever
  /// multiplies with copies of the values has to refresh them (`ParameterArena.refreshOperands`).
  ///
  /// - Parameter goesOn: called for every parameter.
  /// - Throws: `Fault(.configuration)` of `ImportPlan.check`; `.badData` for a value that is not a finite number, and the
  ///   faults of the file.
  public func write(into arena: ParameterArena, goesOn: () -> Void = {}) throws {
    try plan.check()
    for entry in arena.entries {
      guard let recipe = plan.recipes[entry.name] else { continue }
      let shapes = recipe.sources.map { file.shapes[$0] ?? [] }
      let value = arena.values.slice(at: entry.range.lowerBound, shape: entry.parameter.shape)
      try value.updateHostPieces(byteLimit: .max) { bytes in
        let values = bytes.assumingMemoryBound(to: Float.self)
        try recipe.write(into: values, shapes: shapes, read: file.floats)
        guard vk_all_finite(Int32(VK_FLOAT32), values.baseAddress, values.count) != 0 else {
          throw Fault(
            .badData, "\(recipe.sources.joined(separator: ", ")): not every value is a finite number", at: file.path)
        }
      }
      goesOn()
    }
  }
}
