import Faults
import NeuralNetworks
import TextModel
import WeightFiles

/// The parameters of a text encoder in a file.
public struct TextWeights: Sendable {
  public let map: TextWeightMap
  private let file: any WeightFile

  /// - Parameter heads: of attention; nil for one for every 64 numbers of the width.
  /// - Throws: `Fault(.badData)` where the file does not hold a whole text encoder.
  public init(_ file: any WeightFile, heads: Int? = nil) throws {
    self.file = file
    map = try TextWeightMap(file.shapes, path: file.path, heads: heads)
  }

  /// The elements of a parameter, by its name within a `BERTEncoder` of the map's configuration.
  public func values(of parameter: String) throws -> [Float] {
    guard let source = map.sources[parameter] else { preconditionFailure("\(parameter) is no parameter of BERT") }
    var values: [Float] = []
    for tensor in source.tensors {
      let part = try file.floats(tensor)
      if source.tensors.count == 1 { values = part } else { values += part }
    }
    return source.isTransposed ? Self.transposed(values, rows: source.shape[0], columns: source.shape[1]) : values
  }

  /// Gives an encoder of the map's configuration, which a `ParameterArena` holds, its values. Whoever holds it refreshes
  /// the operands.
  public func fill(_ encoder: BERTEncoder) throws {
    precondition(encoder.configuration == map.configuration, "an encoder of other sizes than the file's")
    var visitor = ParameterVisitor()
    encoder.visitParameters(&visitor)
    for (name, parameter) in visitor.found { parameter.value.set(try values(of: name)) }
  }

  private static func transposed(_ values: [Float], rows: Int, columns: Int) -> [Float] {
    (0..<columns).flatMap { column in (0..<rows).map { values[$0 * columns + column] } }
  }
}
