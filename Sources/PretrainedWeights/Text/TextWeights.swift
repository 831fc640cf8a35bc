import Faults
import NeuralNetworks
import TextModel
import WeightFiles

/// The parameters of a text encoder in a file.
public struct TextWeights: Sendable {
  public let map: TextWeightMap
  let file: any WeightFile

  /// - Parameter heads: of attention; nil for one for every 64 numbers of the width.
  /// - Throws: `Fault(.badData)` where the file does not hold a whole text encoder.
  public init(_ file: any WeightFile, heads: Int? = nil) throws {
    self.file = file
    map = try TextWeightMap(file.shapes, path: file.path, heads: heads)
  }

  /// The elements of a parameter, by its name within a `BERTEncoder` of the map's configuration.
  public func values(of parameter: String) throws -> [Float] {
    guard let source = map.sources[parameter] else { preconditionFailure("\(parameter) is no parameter of BERT") }
    let shapes = source.recipe.sources.map { file.shapes[$0] ?? [] }
    return try [Float](unsafeUninitializedCapacity: source.shape.reduce(1, *)) { values, count in
      count = values.count
      try source.recipe.write(into: values, shapes: shapes, read: file.floats)
    }
  }
}
