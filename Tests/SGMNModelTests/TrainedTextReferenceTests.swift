import Foundation
import NeuralNetworks
import ReferenceLibraries
import TensorCore
import Testing

@testable import SGMNModel

/// The text loss through an encoder that is trained, and all its gradients, beside the BERT of transformers in PyTorch.
@Suite(.enabled(if: ReferencePython.path != nil)) struct TrainedTextReferenceTests {
  private struct Given: Encodable {
    struct Parameter: Encodable {
      var shape: [Int]
      var values: [Double]
    }
    var parameters: [String: Parameter]
    var asr, title: [[Int32]?]
    var products: [UInt64]
    var heads: Int
    var filter: String
    var margin: Double
  }

  private struct Expected: Decodable {
    var loss: Double
    var gradients: [String: [Double]]
  }

  @Test(arguments: [ModelConfiguration.TextFilterKind.linear, .gated])
  func lossAndGradientsAreThoseOfPyTorch(filter: ModelConfiguration.TextFilterKind) throws {
    let c = ModelConfiguration.tiny.encodingTexts(filter).with {
      ($0.gci, $0.smf, $0.lambdaText, $0.margin) = (false, false, 1, 0.5)
    }
    let products: [UInt64] = [5, 6, 7, 5, 8, 9]
    var batch = PairBatch.random(c, validCounts: [3, 1, 2, 2, 3, 1], products: products)
    batch.asr.isPresent = [true, false, true, true, true, true]
    batch.title.isPresent = [true, true, true, true, false, true]
    // Within a field and between the two, texts are equal.
    (batch.asr.ids[2], batch.asr.ids[3]) = (batch.title.ids[2], batch.title.ids[2])
    let model = try SGMN(c)
    let arena = bind(model)
    let output = model(batch, dtype: .float64, backend: cpu)
    let loss = try #require(output.losses.first { $0.name == "text" }).value
    arena.emptyGradients()
    loss.backward()
    arena.settleGradients()
    let gradients = arena.gradients.doubles()

    let own = arena.entries.filter { entry in
      ["text_encoder.", "asr.", "title."].contains { entry.name.hasPrefix($0) }
    }
    let missing = { (text: PairBatch.TextInput) in zip(text.ids, text.isPresent).map { $1 ? $0 : nil } }
    let given = Given(
      parameters: Dictionary(
        uniqueKeysWithValues: own.map {
          ($0.name, .init(shape: $0.parameter.shape, values: $0.parameter.value.doubles()))
        }),
      asr: missing(batch.asr), title: missing(batch.title), products: products, heads: c.textEncoder.heads,
      filter: filter.rawValue, margin: c.margin)
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("trained-text-\(UUID()).json")
    defer { try? FileManager.default.removeItem(at: file) }
    try JSONEncoder().encode(given).write(to: file)
    let expected = try JSONDecoder().decode(
      Expected.self, from: Data(ReferencePython.run("trained_text.py", [file.path]).utf8))

    #expect(abs(loss.item() - expected.loss) < 1e-10 && expected.loss > 0.1)
    #expect(Set(expected.gradients.keys) == Set(own.map(\.name)))
    for entry in own {
      let theirs = try #require(expected.gradients[entry.name])
      let scale = theirs.map(abs).max() ?? 0
      // A bias of keys moves no score: its gradient is rounding.
      #expect(distance(Array(gradients[entry.range]), theirs) < 1e-9 * max(1, scale), "\(entry.name)")
      #expect(scale > 1e-6, "\(entry.name)")
    }
  }
}
