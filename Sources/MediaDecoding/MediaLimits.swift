/// What a media file may ask of this machine before it is refused.
public struct MediaLimits: Sendable, Equatable {
  /// Pixels of one frame or picture. A header that claims more is refused before its pixels are allocated.
  public var maximumPixelCount: Int
  /// Decoded frames of one clip.
  public var maximumFrameCount: Int
  /// Bytes of one picture file (a clip is streamed and needs no such limit).
  public var maximumPictureByteCount: Int

  public init(
    maximumPixelCount: Int = 64 << 20, maximumFrameCount: Int = 1_000_000, maximumPictureByteCount: Int = 256 << 20
  ) {
    precondition(maximumPixelCount > 0 && maximumFrameCount > 0 && maximumPictureByteCount > 0, "limits are positive")
    self.maximumPixelCount = maximumPixelCount
    self.maximumFrameCount = maximumFrameCount
    self.maximumPictureByteCount = maximumPictureByteCount
  }
}
