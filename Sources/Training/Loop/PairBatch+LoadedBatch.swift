import DataLoading
import SGMNModel
import ShardFormat

extension PairBatch {
  /// A batch as the model takes it: pictures as planar RGB, the frames packed.
  ///
  /// - Parameter text: whether the text embeddings of the shards take part.
  init(_ batch: LoadedBatch, text: Bool) {
    let rgbByteCount = PixelEncoding.rgb.pictureByteCount(resolution: batch.resolution)
    func pictures(_ count: Int, _ picture: (Int) -> UnsafeRawBufferPointer) -> [UInt8] {
      [UInt8](unsafeUninitializedCapacity: count * rgbByteCount) { buffer, initialized in
        let all = UnsafeMutableRawBufferPointer(buffer)
        for number in 0..<count {
          batch.pixelEncoding.copyRGB(
            of: picture(number),
            into: UnsafeMutableRawBufferPointer(rebasing: all[(number * rgbByteCount)..<((number + 1) * rgbByteCount)]),
            resolution: batch.resolution)
        }
        initialized = count * rgbByteCount
      }
    }
    self.init(
      pairCount: batch.pairCount, frameCount: batch.framesPerClip,
      images: pictures(batch.pairCount) { batch.image(ofPair: $0) },
      frames: pictures(batch.frameCount) { batch.frame(inSlot: batch.frameSlots[$0]) },
      frameSlots: batch.frameSlots, mask: batch.mask, productKeys: batch.productKeys)
    guard text else { return }
    asr = TextInput(pooled: batch.asrEmbeddings)
    title = TextInput(pooled: batch.titleEmbeddings)
  }
}
