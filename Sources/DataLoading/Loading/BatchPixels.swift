/// The pictures of one batch, in the layout in which the shards hold them. Its memory goes back to the loader when the
/// last batch that has it is let go.
public final class BatchPixels: @unchecked Sendable {
  /// Bytes of one picture.
  public let pictureByteCount: Int
  let pairCount: Int
  /// Frames a clip that there is room for.
  let frameCount: Int
  private let base: UnsafeMutableRawPointer
  private let pool: BatchPixelPool

  init(_ base: UnsafeMutableRawPointer, of pool: BatchPixelPool) {
    (pictureByteCount, pairCount, frameCount) = (pool.pictureByteCount, pool.pairCount, pool.frameCount)
    self.base = base
    self.pool = pool
  }

  deinit { pool.giveBack(base) }

  /// The product picture of a pair, valid as long as the batch is.
  public func image(ofPair pair: Int) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(picture(pair, 0)) }

  /// The frame at `place` of a pair's clip, valid as long as the batch is; undefined bytes where the clip is shorter.
  public func frame(ofPair pair: Int, at place: Int) -> UnsafeRawBufferPointer {
    precondition(place >= 0 && place < frameCount, "frame \(place) of \(frameCount)")
    return UnsafeRawBufferPointer(picture(pair, 1 + place))
  }

  /// Picture 0 of a pair is its image, picture 1 + t its frame t. Each is written by one thread, before the batch is
  /// given out.
  func picture(_ pair: Int, _ number: Int) -> UnsafeMutableRawBufferPointer {
    precondition(pair >= 0 && pair < pairCount && number >= 0 && number <= frameCount, "pair \(pair) of \(pairCount)")
    return UnsafeMutableRawBufferPointer(
      start: base + (pair * (1 + frameCount) + number) * pictureByteCount, count: pictureByteCount)
  }
}
