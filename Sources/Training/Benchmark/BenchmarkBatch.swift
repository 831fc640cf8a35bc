import Randomness
import SGMNModel
import TensorCore

extension PairBatch {
  /// A batch of random pictures, as shards hold them, and texts, every frame valid, every pair of another product.
  /// Another rank has another.
  package static func random(_ pairCount: Int, _ model: ModelConfiguration, rank: Int, of rankCount: Int) -> PairBatch {
    var stream = RandomStream(seed: 1, "benchmark", rank)
    let layout = PixelLayout.yuv420
    let pictureByteCount = layout.pictureByteCount(size: model.resolution)
    let bytes = { (count: Int, stream: inout RandomStream) in
      [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
        for start in stride(from: 0, to: count, by: 8) {
          let word = stream.next()
          for offset in 0..<min(8, count - start) {
            buffer[start + offset] = UInt8(truncatingIfNeeded: word >> UInt64(8 * offset))
          }
        }
        initialized = count
      }
    }
    let slots = pairCount * model.frames
    var batch = PairBatch(
      pairCount: pairCount, frameCount: model.frames, layout: layout,
      images: bytes(pairCount * pictureByteCount, &stream), frames: bytes(slots * pictureByteCount, &stream),
      frameSlots: (0..<slots).map { Int32($0) }, mask: [Bool](repeating: true, count: slots),
      productKeys: (0..<pairCount).map { UInt64(rank * pairCount + $0) })
    if model.encodesText {
      let c = model.textEncoder
      let texts = { (stream: inout RandomStream) in
        (0..<pairCount).map { _ in (0..<c.tokens).map { _ in Int32(stream.integer(below: c.vocabularySize)) } }
      }
      (batch.asr, batch.title) = (TextInput(ids: texts(&stream)), TextInput(ids: texts(&stream)))
    } else if model.text {
      let width = pairCount * model.textDim
      batch.asr = TextInput(pooled: (0..<width).map { _ in Float(stream.normal()) })
      batch.title = TextInput(pooled: (0..<width).map { _ in Float(stream.normal()) })
    }
    if model.mining == .distance {
      // All ranks choose among the same pairs where negatives are global: with the same numbers.
      let isGlobal = model.negatives == .global
      var stream = isGlobal ? RandomStream(seed: 1, "benchmark mining") : stream
      batch.uniform = (0..<(10 * pairCount * (isGlobal ? rankCount : 1))).map { _ in stream.uniform() }
    }
    return batch
  }
}
