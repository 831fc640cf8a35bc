import Faults
import Foundation
import Yams

extension ConfigurationFile {
  /// The configuration as a tree, every key stated, numbers with all their digits and as people write them: 0.0003 and
  /// 1.0e-06.
  ///
  /// Yams rounds to 15 digits and writes 3e-4, whose mantissa without a point is no number to readers of YAML 1.1, such
  /// as PyYAML. Which scalars are numbers, and which, is taken from JSON.
  static func tree(of configuration: RunConfiguration) throws -> Node {
    let encoder = YAMLEncoder()
    encoder.options.sortKeys = false
    guard let tree = try parse(encoder.encode(configuration)) else {
      throw Fault(.internalError, "The configuration is empty")
    }
    return withPlainNumbers(
      tree, try JSONDecoder().decode(NumberTree.self, from: JSONEncoder().encode(configuration)))
  }

  private static func withPlainNumbers(_ node: Node, _ numbers: NumberTree?) -> Node {
    switch (node, numbers) {
    case (.mapping(let mapping), .group(let members)):
      let pairs = mapping.map { key, value in (key, withPlainNumbers(value, key.string.flatMap { members[$0] })) }
      return .mapping(Node.Mapping(pairs, mapping.tag))
    case (.scalar(var scalar), .number(let number)) where scalar.string.contains("e"):  // as Yams writes every Double
      scalar.string = plain(number)
      return .scalar(scalar)
    default: return node
    }
  }

  private static func plain(_ number: Double) -> String {
    let shortest = "\(number)"
    guard let exponent = shortest.firstIndex(of: "e"), !shortest[..<exponent].contains(".") else { return shortest }
    return shortest[..<exponent] + ".0" + shortest[exponent...]
  }
}

/// The numbers of a JSON text, exactly; JSONSerialization rounds them.
private indirect enum NumberTree: Decodable {
  case number(Double)
  case group([String: NumberTree])
  case other

  init(from decoder: Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let number = try? container.decode(Double.self) {
      self = .number(number)
    } else if let members = try? container.decode([String: NumberTree].self) {
      self = .group(members)
    } else {
      self = .other
    }
  }
}
