import Randomness
import SGMNModel

/// A batch of random pictures and texts whose clips differ in length and of which some pairs show the same product; the
/// same on every rank.
enum ProbeBatch {
  private static let validCounts = [3, 1, 2, 3, 2, 1, 3, 2]
  /// Equal ones lie within a rank and on different ranks, whether the eight are those of one, two or four.
  private static let products: [UInt64] = [1, 2, 3, 1, 4, 4, 5, 2]

  /// Which texts are there where some are missing. Of four ranks the second has no ASR and the third no title: their pairs
  /// are negatives of the others' alone.
  private static let presence = (
    asr: [true, true, false, false, true, true, true, false],
    title: [true, false, true, true, false, false, true, true]
  )

  /// Eight pairs, or as many of them as so many ranks can share.
  static func whole(_ c: ModelConfiguration, for rankCount: Int, someTextsAreMissing: Bool = false) -> PairBatch {
    let pairCount = products.count / rankCount * rankCount
    let validCounts = validCounts.prefix(pairCount)
    let size = 3 * c.resolution * c.resolution
    let pixels = { (count: Int, name: String) -> [UInt8] in
      var stream = RandomStream(seed: 11, name)
      return (0..<count).map { _ in UInt8(truncatingIfNeeded: stream.next()) }
    }
    let text = { (name: String) -> PairBatch.TextInput in
      var stream = RandomStream(seed: 11, name)
      if c.encodesText { return tokens(pairCount, c.textEncoder, &stream) }
      return PairBatch.TextInput(pooled: (0..<(pairCount * c.textDim)).map { _ in Float(stream.normal()) })
    }
    let slots = validCounts.enumerated().flatMap { clip, count in (0..<count).map { Int32(clip * c.frames + $0) } }
    var batch = PairBatch(
      pairCount: pairCount, frameCount: c.frames, images: pixels(pairCount * size, "images"),
      frames: pixels(slots.count * size, "frames"), frameSlots: slots,
      mask: validCounts.flatMap { count in (0..<c.frames).map { $0 < count } },
      productKeys: Array(products.prefix(pairCount)))
    (batch.asr, batch.title) = (text("asr"), text("title"))
    if someTextsAreMissing {
      batch.asr.isPresent = Array(presence.asr.prefix(pairCount))
      batch.title.isPresent = Array(presence.title.prefix(pairCount))
    }
    var stream = RandomStream(seed: 11, "uniform")
    batch.uniform = (0..<(10 * pairCount)).map { _ in stream.uniform() }
    return batch
  }

  /// Texts of different lengths; every third is the same, within a rank and on different ranks.
  private static func tokens(
    _ pairCount: Int, _ c: TextEncoderConfiguration, _ stream: inout RandomStream
  ) -> PairBatch.TextInput {
    var texts: [[Int32]] = []
    for pair in 0..<pairCount {
      let length = 2 + pair % (c.tokens - 1)
      let text = (0..<length).map { _ in Int32(stream.integer(below: c.vocabularySize)) }
      texts.append(pair % 3 == 0 ? texts.first ?? text : text)
    }
    return PairBatch.TextInput(ids: texts)
  }

  /// Rank `rank`'s pairs of it. The uniform numbers are those of all ranks, or with local negatives the rank's own.
  static func part(
    _ whole: PairBatch, _ c: ModelConfiguration, rank: Int, of rankCount: Int, negatives: ModelConfiguration.Negatives
  ) -> PairBatch {
    let n = whole.pairCount / rankCount
    let pairs = (rank * n)..<((rank + 1) * n)
    let size = 3 * c.resolution * c.resolution
    let frames = whole.frameSlots.indices.filter { pairs.contains(Int(whole.frameSlots[$0]) / c.frames) }
    let rows = { (text: PairBatch.TextInput) -> PairBatch.TextInput in
      let isPresent = text.isPresent.isEmpty ? [] : Array(text.isPresent[pairs])
      if c.encodesText { return PairBatch.TextInput(isPresent: isPresent, ids: Array(text.ids[pairs])) }
      return PairBatch.TextInput(
        pooled: Array(text.pooled[(pairs.lowerBound * c.textDim)..<(pairs.upperBound * c.textDim)]),
        isPresent: isPresent)
    }
    var part = PairBatch(
      pairCount: n, frameCount: c.frames,
      images: Array(whole.images[(pairs.lowerBound * size)..<(pairs.upperBound * size)]),
      frames: frames.flatMap { whole.frames[($0 * size)..<(($0 + 1) * size)] },
      frameSlots: frames.map { whole.frameSlots[$0] - Int32(pairs.lowerBound * c.frames) },
      mask: Array(whole.mask[(pairs.lowerBound * c.frames)..<(pairs.upperBound * c.frames)]),
      productKeys: Array(whole.productKeys[pairs]))
    (part.asr, part.title) = (rows(whole.asr), rows(whole.title))
    part.uniform =
      negatives == .global
      ? whole.uniform : (0..<10).flatMap { row in pairs.map { whole.uniform[row * whole.pairCount + $0] } }
    return part
  }
}
