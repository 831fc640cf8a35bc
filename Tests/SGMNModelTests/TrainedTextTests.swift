import NeuralNetworks
import TensorCore
import Testing
import TextModel

@testable import SGMNModel

/// A model that encodes texts itself.
@Suite struct TrainedTextTests {
  private static let filters = [ModelConfiguration.TextFilterKind.linear, .gated]
  private let products: [UInt64] = [5, 6, 7, 5, 8]

  private func batch(_ c: ModelConfiguration) -> PairBatch {
    PairBatch.random(c, validCounts: [3, 1, 2, 2, 3], products: products)
  }

  /// Losses and gradients by name.
  private func numbers(_ c: ModelConfiguration, _ batch: PairBatch) throws -> (
    losses: [Double], gradients: [String: [Double]]
  ) {
    let model = try SGMN(c)
    let arena = bind(model)
    arena.emptyGradients()
    let output = model(batch, dtype: .float64, backend: cpu)
    output.backward()
    arena.settleGradients()
    let all = arena.gradients.doubles()
    return (
      output.losses.map { $0.value.item() },
      Dictionary(uniqueKeysWithValues: arena.entries.map { ($0.name, Array(all[$0.range])) })
    )
  }

  /// The features of the encoder, given to a model that reads features, make the same losses and the same gradients of
  /// everything behind it.
  @Test(arguments: filters) func itIsTheEncoderBeforeAModelThatReadsFeatures(
    filter: ModelConfiguration.TextFilterKind
  ) throws {
    let c = ModelConfiguration.tiny.encodingTexts(filter)
    let model = try SGMN(c)
    let arena = bind(model)
    let trained = batch(c)
    var stored = trained
    for field in [\PairBatch.asr, \.title] {
      let texts = trained[keyPath: field].ids
      let output = GradientRecording.off { model.textEncoder!(TokenBatch(texts)) }
      // Through float32, as features are stored.
      stored[keyPath: field] = PairBatch.TextInput(
        pooled: output.pooled.floats(), tokens: output.tokens.floats(),
        tokenMask: texts.flatMap { text in (0..<output.tokens.shape[1]).map { $0 < text.count } })
    }
    let (mine, theirs) = (try numbers(c, trained), try numbers(c.with { $0.trainsText = false }, stored))
    #expect(distance(mine.losses, theirs.losses) < 1e-5 && mine.losses.count == 5)
    for (name, gradient) in theirs.gradients {
      let scale = gradient.map(abs).max() ?? 0
      #expect(distance(mine.gradients[name]!, gradient) <= 1e-4 * max(scale, 1e-3), "\(name)")
    }
    let own = mine.gradients.filter { theirs.gradients[$0.key] == nil }
    #expect(own.count == 5 + 24 + 1 && own.allSatisfy { $0.key.hasPrefix("text_encoder.") })
    #expect(own["text_encoder.word_embedding"]!.contains { $0 != 0 })
    withExtendedLifetime(arena) {}
  }

  /// What stands in the place of a missing text may be no text at all, and the encoder learns nothing from it.
  @Test(arguments: filters) func missingTextsAreNotEncoded(filter: ModelConfiguration.TextFilterKind) throws {
    let c = ModelConfiguration.tiny.encodingTexts(filter)
    var empty = batch(c)
    empty.asr.isPresent = [true, false, true, true, false]
    var other = empty
    for pair in [1, 4] { (empty.asr.ids[pair], other.asr.ids[pair]) = ([], [2, 9, 9, 9, 9, 3]) }
    let (a, b) = (try numbers(c, empty), try numbers(c, other))
    #expect(a.losses == b.losses && a.gradients == b.gradients)
    var none = empty
    for field in [\PairBatch.asr, \.title] {
      none[keyPath: field] = PairBatch.TextInput(
        isPresent: [Bool](repeating: false, count: 5), ids: [[Int32]](repeating: [], count: 5))
    }
    let silent = try numbers(c, none)
    #expect(silent.losses[1] == 0)
    for (name, gradient) in silent.gradients where name.hasPrefix("text_encoder.") {
      #expect(gradient.allSatisfy { $0 == 0 }, "\(name)")
    }
  }

  /// The rows of a batch are those of each text alone, whatever is beside it.
  @Test(arguments: filters) func inferenceEncodesTexts(filter: ModelConfiguration.TextFilterKind) throws {
    let c = ModelConfiguration.tiny.encodingTexts(filter)
    let model = try SGMN(c)
    let arena = bind(model, dtype: .float32)
    let texts: [[Int32]] = [[2, 7, 3], [2, 5, 6, 7, 3], [2, 7, 3], [2, 8, 9, 3]]
    let rows = try #require(
      model.textEmbeddings(PairBatch.TextInput(ids: texts), .title, count: 4, backend: cpu)
    ).doubles()
    for (number, text) in texts.enumerated() {
      let alone = model.textEmbeddings(PairBatch.TextInput(ids: [text]), .title, count: 1, backend: cpu)!.doubles()
      #expect(distance(Array(rows[(number * 8)..<(number * 8 + 8)]), alone) < 1e-5)
    }
    #expect(rows[0..<8] == rows[16..<24] && rows[0..<8] != rows[24..<32])
    #expect(abs(dot(rows[8..<16], rows[8..<16]) - 1) < 1e-5)
    withExtendedLifetime(arena) {}
  }

  @Test func equalTextsAreOne() {
    let distinct = DistinctTexts([[2, 3], [2, 4, 3], [2, 3], [2, 5, 3], [2, 4, 3]])
    #expect(distinct.texts == [[2, 3], [2, 4, 3], [2, 5, 3]] && distinct.rows == [0, 1, 0, 2, 1])
  }

  @Test func theEncoderComesBeforeTheFiltersAndOnlyWhereItIsTrained() throws {
    let names = { (c: ModelConfiguration) in
      var visitor = ParameterVisitor()
      try SGMN(c).visitParameters(&visitor)
      return visitor.found.map(\.name)
    }
    let plain = try names(.tiny)
    let trained = try names(.tiny.encodingTexts())
    #expect(!plain.contains { $0.hasPrefix("text_encoder.") })
    #expect(trained.filter { !$0.hasPrefix("text_encoder.") } == plain)
    let last = try #require(trained.lastIndex { $0.hasPrefix("text_encoder.") })
    #expect(trained[last + 1] == "asr.linear.weight")
    #expect(try names(.tiny.with { ($0.textEncoder.layers, $0.textEncoder.width) = (1, 24) }) == plain)
  }
}
