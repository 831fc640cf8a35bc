import Foundation
import NeuralNetworks
import TensorCore
import Testing

@testable import SGMNModel

@Suite struct TextFilterTests {
  private let c = ModelConfiguration.tiny.with { $0.textFilter = .gated }
  private let mask = [true, false, true, false, true, true, true, true]

  private func text(tokens: [Float]) -> PairBatch.TextInput {
    PairBatch.TextInput(pooled: normals(2 * 6, seed: 1).map { Float($0) }, tokens: tokens, tokenMask: mask)
  }

  private func run(_ filter: TextFilter, _ text: PairBatch.TextInput) -> [Double] {
    filter(text, texts: 2, dtype: .float64, backend: cpu).doubles()
  }

  @Test func maskedTokensHaveNoInfluence() {
    let filter = TextFilter(c)
    let arena = bind(filter)
    let tokens = normals(2 * 4 * 5, seed: 2).map { Float($0) }
    var disturbed = tokens
    for token in [1, 3] {
      for e in 0..<5 { disturbed[token * 5 + e] = 1e3 }
    }
    #expect(run(filter, text(tokens: tokens)) == run(filter, text(tokens: disturbed)))
    disturbed[0] += 1
    #expect(run(filter, text(tokens: tokens)) != run(filter, text(tokens: disturbed)))
    withExtendedLifetime(arena) {}
  }

  @Test func gatesWeighTheTokens() throws {
    let filter = TextFilter(c)
    let arena = bind(filter)
    let gate = try #require(filter.gate)
    let tokens = normals(2 * 4 * 5, seed: 3).map { Double(Float($0)) }
    let input = text(tokens: tokens.map { Float($0) })
    let linear = { (layer: Linear, x: [Double]) -> [Double] in
      let weight = layer.weight.value.doubles()
      return layer.bias.value.doubles().enumerated().map { row, bias in
        bias + dot(weight[(row * x.count)..<((row + 1) * x.count)], x)
      }
    }
    let output = run(filter, input)
    for text in 0..<2 {
      var sum = [Double](repeating: 0, count: 5)
      var total = 1e-6
      for token in 0..<4 where mask[text * 4 + token] {
        let x = Array(tokens[((text * 4 + token) * 5)..<((text * 4 + token + 1) * 5)])
        let hidden = linear(gate.hidden, x).map { $0 / 2 * (1 + erf($0 / 2.0.squareRoot())) }
        let open = 1 / (1 + exp(-linear(gate.opening, hidden)[0]))
        sum = zip(sum, x).map { $0 + open * $1 }
        total += open
      }
      let pooled = input.pooled[(text * 6)..<((text + 1) * 6)].map { Double($0) }
      let expected = zip(linear(filter.pooled, pooled), linear(gate.value, sum.map { $0 / total })).map { $0 + $1 }
      #expect(distance(Array(output[(text * 8)..<((text + 1) * 8)]), expected) < 1e-10)
    }
    withExtendedLifetime(arena) {}
  }

  @Test func aLinearFilterReadsPooledFeaturesAlone() {
    let filter = TextFilter(c.with { $0.textFilter = .linear })
    let arena = bind(filter)
    let bare = PairBatch.TextInput(pooled: normals(2 * 6, seed: 1).map { Float($0) })
    #expect(run(filter, bare) == run(filter, text(tokens: normals(40, seed: 2).map { Float($0) })))
    #expect(arena.entries.map(\.name) == ["linear.weight", "linear.bias"])
  }
}
