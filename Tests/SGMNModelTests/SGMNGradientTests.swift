import NeuralNetworks
import Randomness
import TensorCore
import Testing

@testable import SGMNModel

/// The whole model's gradients against central differences of its objective, in float64.
@Suite struct SGMNGradientTests {
  /// The largest difference over a random element of every parameter whose name has one of the prefixes, relative to
  /// the largest derivative among them.
  private func error(_ c: ModelConfiguration, _ prefixes: [String], someTextsAreMissing: Bool = false) throws -> Double
  {
    let model = try SGMN(c)
    let arena = bind(model)
    var batch = PairBatch.random(c, validCounts: [3, 1, 2], products: [1, 2, 3])
    if someTextsAreMissing {
      (batch.asr.isPresent, batch.title.isPresent) = ([true, true, false], [true, true, true])
      if c.encodesText { batch.asr.ids[2] = [] }
    }
    let objective = { model(batch, dtype: .float64, backend: cpu).total! }
    objective().backward()
    var stream = RandomStream(seed: 1, "elements")
    var analytic: [Double] = []
    var numeric: [Double] = []
    let step = 1e-6
    for entry in arena.entries where prefixes.contains(where: { entry.name.hasPrefix($0) }) {
      let element = stream.integer(below: entry.range.count)
      analytic.append(entry.parameter.value.gradient!.doubles()[element])
      let values = entry.parameter.value.doubles()
      let sides = [step, -step].map { shift in
        var moved = values
        moved[element] += shift
        entry.parameter.value.set(moved)
        return GradientRecording.off { objective().item() }
      }
      entry.parameter.value.set(values)
      numeric.append((sides[0] - sides[1]) / (2 * step))
    }
    let scale = numeric.map(abs).max() ?? 0
    #expect(numeric.count > 10 && scale > 1e-3)
    return distance(analytic, numeric) / scale
  }

  /// Without the graph, whose targets are constants to the backward pass but not to differences.
  @Test func ofEncodersTextsAndMatcher() throws {
    #expect(try error(.tiny.with { $0.gci = false }, ["visual.", "tmc.", "asr.", "title.", "smf."]) < 1e-6)
  }

  @Test func ofGatedTexts() throws {
    let c = ModelConfiguration.tiny.with {
      $0.gci = false
      $0.textFilter = .gated
    }
    #expect(try error(c, ["asr.", "title."]) < 1e-6)
  }

  @Test(arguments: [ModelConfiguration.TextFilterKind.linear, .gated])
  func ofBatchesWithMissingTexts(filter: ModelConfiguration.TextFilterKind) throws {
    let c = ModelConfiguration.tiny.with {
      $0.gci = false
      $0.textFilter = filter
    }
    #expect(try error(c, ["visual.", "tmc."], someTextsAreMissing: true) < 1e-6)
    #expect(try error(c, ["asr.", "title.", "smf."], someTextsAreMissing: true) < 1e-6)
  }

  /// Titles of the first and the last pair are the same text, and both fields share the encoder.
  @Test(arguments: [ModelConfiguration.TextFilterKind.linear, .gated], [false, true])
  func ofATextEncoder(filter: ModelConfiguration.TextFilterKind, someTextsAreMissing: Bool) throws {
    let c = ModelConfiguration.tiny.encodingTexts(filter).with { $0.gci = false }
    #expect(try error(c, ["text_encoder."], someTextsAreMissing: someTextsAreMissing) < 1e-6)
    #expect(try error(c, ["asr.", "title.", "smf."], someTextsAreMissing: someTextsAreMissing) < 1e-6)
  }

  @Test func ofTheGraph() throws {
    #expect(try error(.tiny, ["gci."]) < 1e-6)
  }
}
