import CVectorKernels
import Faults
import NeuralNetworks
import TensorCore
import WeightFiles

/// Weights of a file that a model, or a part of it, begins with.
public protocol ImportedWeights {
  var report: ImportReport { get }
  /// First line of the report.
  var heading: String { get }
  /// What the log says of it.
  var summary: String { get }

  /// Writes the values of all parameters that are taken; one tensor of the file is in memory at a time. Whoever multiplies
  /// with copies of the values has to refresh them (`ParameterArena.refreshOperands`).
  ///
  /// - Parameter goesOn: called for every parameter.
  /// - Throws: `Fault(.configuration)` where the model and the file do not go together, before anything is written;
  ///   `.badData` for a value that is not a finite number, and the faults of the file.
  func write(into arena: ParameterArena, goesOn: () -> Void) throws
}

extension ImportedWeights {
  public func write(into arena: ParameterArena) throws { try write(into: arena) {} }
}

extension ParameterArena {
  /// Writes one parameter, whose shape the recipe makes.
  func write(_ entry: Entry, by recipe: WeightRecipe, from file: any WeightFile) throws {
    let shapes = recipe.sources.map { file.shapes[$0] ?? [] }
    let value = values.slice(at: entry.range.lowerBound, shape: entry.parameter.shape)
    try value.updateHostPieces(byteLimit: .max) { bytes in
      let values = bytes.assumingMemoryBound(to: Float.self)
      try recipe.write(into: values, shapes: shapes, read: file.floats)
      guard vk_all_finite(Int32(VK_FLOAT32), values.baseAddress, values.count) != 0 else {
        throw Fault(
          .badData, "\(recipe.sources.joined(separator: ", ")): not every value is a finite number", at: file.path)
      }
    }
  }
}
