/// How a set keeps its pictures: the planes of one picture, and how they are packed.
public enum PixelEncoding: UInt16, Sendable, Codable, CaseIterable {
  /// Planes red, green, blue, `[3, R, R]`; exact.
  case rgb = 0
  /// 4:2:0 as in JPEG files: `Y [R, R]`, `Cb` and `Cr [⌈R/2⌉, ⌈R/2⌉]`, full range BT.601. Half the bytes, and what
  /// JPEG and H.264 keep anyway.
  case yuv420 = 1

  public var name: String {
    switch self {
    case .rgb: "rgb"
    case .yuv420: "yuv420"
    }
  }

  public init?(name: String) {
    guard let encoding = PixelEncoding.allCases.first(where: { $0.name == name }) else { return nil }
    self = encoding
  }

  /// Bytes of one picture as it stands in memory.
  public func pictureByteCount(resolution: Int) -> Int {
    switch self {
    case .rgb: return 3 * resolution * resolution
    case .yuv420:
      let half = (resolution + 1) / 2
      return resolution * resolution + 2 * half * half
    }
  }
}
