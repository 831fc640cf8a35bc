import Foundation
import NeuralNetworks
import TensorCore
import Testing

@testable import SGMNModel

/// The matching loss against one pair of an image and a clip at a time, whose padded tokens are left out, not masked.
@Suite struct SelectiveFusionTests {
  private let width = 8
  private let clipTokens = 6
  private let valid = [6, 2, 4, 6]

  /// Image 1 has no title, clip 2 no ASR, pair 3 neither.
  private let presence = TextPresence(
    asr: [true, true, false, false], title: [true, false, true, false], pairCount: 4)!

  private func input(_ c: ModelConfiguration, imageTokens: Int, someAreMissing: Bool) -> SelectiveFusion.Input {
    let n = valid.count
    return SelectiveFusion.Input(
      imageTokens: randomTensor([n, imageTokens, width], seed: 1),
      clipTokens: randomTensor([n, clipTokens, width], seed: 2),
      clipMask: valid.flatMap { count in (0..<clipTokens).map { $0 < count } },
      imageText: c.text ? randomTensor([n, width], seed: 3).unitRows() : nil,
      clipText: c.text ? randomTensor([n, width], seed: 4).unitRows() : nil,
      textPresence: someAreMissing ? presence : nil)
  }

  /// (1, tokens, D): the first `count` tokens of one item, unit rows, with its text if that is there.
  private func tokens(
    _ fusion: SelectiveFusion, _ all: Tensor, _ item: Int, _ count: Int, text: Tensor?, isPresent: [Bool]?
  ) -> Tensor {
    let rows = all.shape[1] * width
    let own = tensor(Array(all.doubles()[(item * rows)..<(item * rows + count * width)]), [count, width]).unitRows()
    guard let text, let parts = fusion.textFusion else { return own.reshaped([1, count, width]) }
    guard isPresent?[item] != false else { return parts.feedForward(parts.norm(own)).reshaped([1, count, width]) }
    let embedding = tensor(Array(text.doubles()[(item * width)..<((item + 1) * width)]), [width])
    let mapped = parts.text(embedding.reshaped([1, width])).reshaped([width])
    return parts.feedForward(parts.norm(own.addingSuffix(mapped))).reshaped([1, count, width])
  }

  private func score(_ fusion: SelectiveFusion, _ input: SelectiveFusion.Input, image: Int, clip: Int) -> Double {
    let imageCount = input.imageTokens.shape[1]
    let picture = tokens(
      fusion, input.imageTokens, image, imageCount, text: input.imageText, isPresent: input.textPresence?.title)
    let memory = tokens(
      fusion, input.clipTokens, clip, valid[clip], text: input.clipText, isPresent: input.textPresence?.asr)
    let x = fusion.selfAttention(picture.addingSuffix(fusion.position.value))
    let matched = fusion.crossAttention(
      x, queries: fusion.crossAttention.queries(of: x), keysAndValues: fusion.crossAttention.keysAndValues(of: memory),
      bias: nil
    ).doubles()
    let mean = (0..<width).map { column in
      (0..<imageCount).reduce(0) { $0 + matched[$1 * width + column] } / Double(imageCount)
    }
    return dot(mean, fusion.score.weight.value.doubles()) + fusion.score.bias.value.item()
  }

  /// −log(exp(s₀) / Σ exp(s)).
  private func crossEntropy(_ scores: [Double]) -> Double { log(scores.reduce(0) { $0 + exp($1) }) - scores[0] }

  enum Texts { case none, some, all }

  @Test(arguments: [Texts.none, .some, .all], [ModelConfiguration.FusionTokens.patch, .frame])
  func equalsOnePairAtATime(texts: Texts, kind: ModelConfiguration.FusionTokens) {
    let c = ModelConfiguration.tiny.with {
      $0.text = texts != .none
      $0.smfTokens = kind
    }
    let fusion = SelectiveFusion(c)
    let arena = bind(fusion)
    let input = input(c, imageTokens: kind == .patch ? c.tokenCount : 1, someAreMissing: texts == .some)
    // Clip 0 and image 1 have one look-alike only.
    var hard = HardExamples(
      similarity: randomTensor([4, 4], seed: 7), same: tensor((0..<16).map { $0 % 5 == 0 ? 1 : 0 }, [4, 4]),
      candidateCount: 3)
    #expect(hard.images.isUsable.allSatisfy { $0 })
    hard = HardExamples(
      similarity: randomTensor([4, 4], seed: 7),
      same: tensor([1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 0, 1], [4, 4]), candidateCount: 3)
    let loss = fusion(input, hard: hard)
    var expected = 0.0
    for row in 0..<4 {
      for (direction, isImages) in [(hard.images, true), (hard.clips, false)] {
        let range = (row * 3)..<((row + 1) * 3)
        let scores = range.filter { direction.isUsable[$0] }.map {
          let other = direction.candidates[$0]
          return isImages
            ? score(fusion, input, image: other, clip: row) : score(fusion, input, image: row, clip: other)
        }
        expected += crossEntropy(scores) / 8
      }
    }
    #expect(abs(loss.item() - expected) < 1e-10)
    withExtendedLifetime(arena) {}
  }
}
