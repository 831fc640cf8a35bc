import Foundation
import Testing

/// `Fixtures/operators.json`: what PyTorch computes (scripts/make_operator_fixtures.py).
struct OperatorFixtures: Decodable {
  struct Input: Decodable {
    var shape: [Int]
    var values: [Number]
    var gradient: [Number]?
  }

  struct Output: Decodable {
    var shape: [Int]
    var values: [Number]
  }

  struct Case: Decodable {
    var name: String
    var inputs: [Input]
    var weights: [Number]
    var output: Output
    var indices: [Int32]?
    var mean: [Double]?
    var deviation: [Double]?
  }

  /// A number, or "-inf", which JSON has no number for.
  struct Number: Decodable {
    var value: Double

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let number = try? container.decode(Double.self) {
        value = number
      } else {
        value = try #require(Double(container.decode(String.self)))
      }
    }
  }

  var cases: [Case]

  static func load() throws -> OperatorFixtures {
    let url = try #require(Bundle.module.url(forResource: "operators", withExtension: "json", subdirectory: "Fixtures"))
    return try JSONDecoder().decode(OperatorFixtures.self, from: Data(contentsOf: url))
  }
}
