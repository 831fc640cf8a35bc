import DataLoading
import SGMNModel
import ShardFormat
import TensorCore

extension PairBatch {
  /// A batch as the model takes it: pictures as the shards hold them, the frames packed.
  ///
  /// - Parameters:
  ///   - text: whether the text embeddings of the shards take part.
  ///   - staging: the way of the pictures to a device; nil leaves them in host memory.
  init(_ batch: LoadedBatch, text: Bool, staging: (any PictureStaging)? = nil) {
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
    let image = { batch.image(ofPair: $0) }
    let frame = { batch.frame(inSlot: batch.frameSlots[$0]) }
    self.init(
      pairCount: batch.pairCount, frameCount: batch.framesPerClip, layout: batch.pixelEncoding.layout,
      images: staging == nil ? pictures(batch.pairCount, image) : [],
      frames: staging == nil ? pictures(batch.frameCount, frame) : [],
      frameSlots: batch.frameSlots, mask: batch.mask, productKeys: batch.productKeys)
    staged = staging?.stage(batch.pairCount + batch.frameCount, byteCount: pictureByteCount) {
      $0 < batch.pairCount ? image($0) : frame($0 - batch.pairCount)
    }
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
