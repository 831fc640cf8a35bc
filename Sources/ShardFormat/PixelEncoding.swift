/// How the pixels of a sample are laid out inside its zstd frame.
public enum PixelEncoding: UInt16, Sendable, Codable, CaseIterable {
  /// u8 planes red, green, blue: the image [3, R, R], then the frames [F, 3, R, R]. Exact.
  case rgbPlanar = 0

  public var name: String {
    switch self {
    case .rgbPlanar: "rgb-planar"
    }
  }

  /// Bytes of the image and `frameCount` frames at `resolution`. Within the format's limits it fits 32 bits.
  func contentByteCount(frameCount: Int, resolution: Int) -> Int {
    switch self {
    case .rgbPlanar: (frameCount + 1) * 3 * resolution * resolution
    }
  }
}
