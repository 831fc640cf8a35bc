import NeuralNetworks
import TensorCore
import Testing

@testable import SGMNModel

/// Batches in which some pairs have no ASR, some no title, and one has neither.
@Suite struct MissingTextTests {
  private static let asr = [true, false, true, true, false]
  private static let title = [true, true, false, true, false]
  private static let products: [UInt64] = [5, 6, 7, 5, 8]

  private func batch(
    _ c: ModelConfiguration, asr: [Bool] = asr, title: [Bool] = title, garbage: Float? = nil
  ) -> PairBatch {
    var batch = PairBatch.random(c, validCounts: [3, 1, 2, 2, 3], products: Self.products)
    (batch.asr.isPresent, batch.title.isPresent) = (asr, title)
    if let garbage {
      batch.asr.fillMissing(with: garbage)
      batch.title.fillMissing(with: garbage)
    }
    return batch
  }

  /// Every output, loss and gradient.
  private struct Numbers: Equatable {
    var outputs: [[Double]]
    var losses: [String: Double]
    var gradients: [String: [Double]]

    var areFinite: Bool {
      (outputs.flatMap { $0 } + losses.values + gradients.values.flatMap { $0 }).allSatisfy(\.isFinite)
    }
  }

  private func numbers(_ c: ModelConfiguration, _ batch: PairBatch, dtype: DType = .float32) throws -> Numbers {
    let model = try SGMN(c)
    let arena = bind(model, dtype: dtype)
    let output = model(batch, dtype: dtype, backend: cpu)
    output.backward()
    arena.settleGradients()
    let texts = output.texts.map { [$0.asr, $0.title] } ?? []
    let gradients = arena.gradients.doubles()
    return Numbers(
      outputs: ([output.image, output.clip] + texts).map { $0.doubles() },
      losses: Dictionary(uniqueKeysWithValues: output.losses.map { ($0.name, $0.value.item()) }),
      gradients: Dictionary(uniqueKeysWithValues: arena.entries.map { ($0.name, Array(gradients[$0.range])) }))
  }

  private static let variants: [ModelConfiguration] =
    [ModelConfiguration.Mining.violating, .hardest, .distance].flatMap { mining in
      [ModelConfiguration.TextFilterKind.linear, .gated].map { filter in
        ModelConfiguration.tiny.with {
          ($0.mining, $0.textFilter, $0.smfTokens) = (mining, filter, filter == .gated ? .frame : .patch)
        }
      }
    }

  @Test(arguments: variants) func whatStandsForAMissingTextIsNeverRead(c: ModelConfiguration) throws {
    let clean = try numbers(c, batch(c))
    #expect(clean.areFinite && clean.losses["text"]! > 0)
    for garbage in [Float.nan, .infinity, 1e30, 0] {
      #expect(try numbers(c, batch(c, garbage: garbage)) == clean, "\(garbage)")
    }
    // A text that is there is read, or this would say nothing.
    var other = batch(c)
    other.asr.pooled[0] += 1
    #expect(try numbers(c, other) != clean)
  }

  @Test(arguments: variants) func whereNoneIsMissingEveryBitIsThatOfABatchThatDoesNotSay(c: ModelConfiguration) throws {
    let all = [Bool](repeating: true, count: 5)
    #expect(try numbers(c, batch(c, asr: all, title: all)) == numbers(c, batch(c, asr: [], title: [])))
    #expect(TextPresence(asr: all, title: [], pairCount: 5) == nil)
    #expect(TextPresence(asr: [], title: Self.title, pairCount: 5)?.asr == all)
  }

  @Test(arguments: variants) func whereNoPairHasBothThereIsNoTextLoss(c: ModelConfiguration) throws {
    let asr = [true, false, true, false, false]
    let alone = c.with { $0.smf = false }
    let numbers = try numbers(alone, batch(alone, asr: asr, title: asr.map { !$0 }))
    #expect(numbers.losses["text"] == 0 && numbers.areFinite)
    for (name, gradient) in numbers.gradients where name.hasPrefix("asr.") || name.hasPrefix("title.") {
      #expect(gradient.allSatisfy { $0 == 0 }, "\(name)")
    }
    // The matcher reads each text by itself.
    let fused = try self.numbers(c, batch(c, asr: asr, title: asr.map { !$0 }))
    #expect(fused.losses["text"] == 0 && fused.areFinite)
    for name in ["asr.linear.weight", "title.linear.weight"] {
      #expect(fused.gradients[name]!.contains { $0 != 0 }, "\(name)")
    }
  }

  @Test(arguments: variants) func aBatchWithoutAnyTextLearnsFromItsPictures(c: ModelConfiguration) throws {
    let none = [Bool](repeating: false, count: 5)
    let numbers = try numbers(c, batch(c, asr: none, title: none, garbage: .nan))
    #expect(numbers.losses["text"] == 0 && numbers.areFinite)
    #expect(numbers.outputs[2].allSatisfy { $0 == 0 } && numbers.outputs[3].allSatisfy { $0 == 0 })
    for (name, gradient) in numbers.gradients
    where name.hasPrefix("asr.") || name.hasPrefix("title.") || name.hasPrefix("smf.text.") {
      #expect(gradient.allSatisfy { $0 == 0 }, "\(name)")
    }
    for name in ["visual.proj", "smf.text_norm.weight", "smf.ffn.fc_1.weight"] {
      #expect(numbers.gradients[name]!.contains { $0 != 0 }, "\(name)")
    }
  }

  /// The same text by itself: what else is in the batch does not matter.
  @Test(arguments: [ModelConfiguration.TextFilterKind.linear, .gated])
  func aTextIsEncodedAsInABatchThatHasAll(kind: ModelConfiguration.TextFilterKind) throws {
    let c = ModelConfiguration.tiny.with { $0.textFilter = kind }
    let some = try numbers(c, batch(c), dtype: .float64)
    let all = try numbers(c, batch(c, asr: [], title: []), dtype: .float64)
    for (output, isPresent) in [(2, Self.asr), (3, Self.title)] {
      for (row, isPresent) in isPresent.enumerated() {
        let range = (row * 8)..<(row * 8 + 8)
        let expected = isPresent ? Array(all.outputs[output][range]) : [Double](repeating: 0, count: 8)
        #expect(distance(Array(some.outputs[output][range]), expected) < 1e-12)
      }
    }
    #expect(some.outputs[0] == all.outputs[0] && some.outputs[1] == all.outputs[1])
  }

  @Test func inferenceGivesZerosToo() throws {
    let c = ModelConfiguration.tiny
    let model = try SGMN(c)
    let arena = bind(model, dtype: .float32)
    let text = batch(c, garbage: .nan).asr
    let rows = try #require(model.textEmbeddings(text, .asr, count: 5, backend: cpu)).doubles()
    for row in 0..<5 {
      let length = dot(rows[(row * 8)..<(row * 8 + 8)], rows[(row * 8)..<(row * 8 + 8)])
      #expect(abs(length - (Self.asr[row] ? 1 : 0)) < 1e-6)
    }
    withExtendedLifetime(arena) {}
  }
}

extension PairBatch.TextInput {
  /// Another number in the place of all that belongs to a missing text.
  fileprivate mutating func fillMissing(with value: Float) {
    let count = isPresent.count
    for row in isPresent.indices where !isPresent[row] {
      for i in (pooled.count / count * row)..<(pooled.count / count * (row + 1)) { pooled[i] = value }
      for i in (tokens.count / count * row)..<(tokens.count / count * (row + 1)) { tokens[i] = value }
      for i in (tokenMask.count / count * row)..<(tokenMask.count / count * (row + 1)) { tokenMask[i].toggle() }
    }
  }
}
