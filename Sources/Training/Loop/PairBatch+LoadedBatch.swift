import DataLoading
import SGMNModel
import ShardFormat
import TensorCore

extension PairBatch {
  /// A batch as the model takes it: pictures as the shards hold them, the frames packed.
  ///
  /// - Parameter text: whether the text embeddings of the shards take part.
  init(_ batch: LoadedBatch, text: Bool) {
    let pictureByteCount = batch.pixelEncoding.pictureByteCount(resolution: batch.resolution)
    func pictures(_ count: Int, _ picture: (Int) -> UnsafeRawBufferPointer) -> [UInt8] {
      [UInt8](unsafeUninitializedCapacity: count * pictureByteCount) { buffer, initialized in
        let all = UnsafeMutableRawBufferPointer(buffer)
        for number in 0..<count {
          let place = (number * pictureByteCount)..<((number + 1) * pictureByteCount)
          UnsafeMutableRawBufferPointer(rebasing: all[place]).copyMemory(from: picture(number))
        }
        initialized = count * pictureByteCount
      }
    }
    self.init(
      pairCount: batch.pairCount, frameCount: batch.framesPerClip, layout: batch.pixelEncoding.layout,
      images: pictures(batch.pairCount) { batch.image(ofPair: $0) },
      frames: pictures(batch.frameCount) { batch.frame(inSlot: batch.frameSlots[$0]) },
      frameSlots: batch.frameSlots, mask: batch.mask, productKeys: batch.productKeys)
    guard text else { return }
    asr = TextInput(pooled: batch.asrEmbeddings)
    title = TextInput(pooled: batch.titleEmbeddings)
  }
}

extension PixelEncoding {
  /// How its pictures lie in memory, in the tensor engine's terms.
  fileprivate var layout: PixelLayout {
    switch self {
    case .rgb: .rgb
    case .yuv420: .yuv420
    }
  }
}
