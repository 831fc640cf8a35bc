/// How the bytes of a picture of size² pixels lie in memory.
public enum PixelLayout: Sendable {
  /// Planes red, green, blue, [3, size, size].
  case rgb
  /// 4:2:0 as in JPEG files: Y [size, size], Cb and Cr [⌈size/2⌉, ⌈size/2⌉], full range BT.601, colour in the middle of
  /// its four pixels. At most 1024 pixels a side.
  case yuv420

  /// Bytes of one picture.
  public func pictureByteCount(size: Int) -> Int {
    switch self {
    case .rgb: return 3 * size * size
    case .yuv420:
      let half = (size + 1) / 2
      return size * size + 2 * half * half
    }
  }
}
