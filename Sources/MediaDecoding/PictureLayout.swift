/// How the pixels of one square picture lie in memory.
public enum PictureLayout: Sendable, Equatable {
  /// Planes red, green, blue: `[3, R, R]`.
  case rgb
  /// Full-range BT.601 as in JPEG files: luma `[R, R]`, then both colour differences `[⌈R/2⌉, ⌈R/2⌉]`, each of their
  /// samples at the centre of four of luma.
  case yuv420

  public func byteCount(resolution: Int) -> Int {
    switch self {
    case .rgb: 3 * resolution * resolution
    case .yuv420: resolution * resolution + 2 * ((resolution + 1) / 2) * ((resolution + 1) / 2)
    }
  }
}
