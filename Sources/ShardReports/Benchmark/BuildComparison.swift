/// Building shards from JPEG files beside libavcodec's decoding alone of the same files, turn about.
public struct BuildComparison: Sendable, Equatable {
  public struct Turn: Sendable, Equatable {
    /// Seconds by the clock of a whole build: its processes' start, reading, decoding, packing, the index.
    public var buildSeconds: Double
    /// Seconds by the clock of libavcodec alone.
    public var decodeSeconds: Double

    public init(buildSeconds: Double, decodeSeconds: Double) {
      self.buildSeconds = buildSeconds
      self.decodeSeconds = decodeSeconds
    }
  }

  /// Pictures of a turn, the same for both.
  public var pictureCount: Int
  public var turns: [Turn] = []
  public static let turnCount = 3

  public init(pictureCount: Int) { self.pictureCount = pictureCount }

  /// Pictures a second, the median of the turns; 0 without any.
  public var buildRate: Double { median(turns.map { rate($0.buildSeconds) }) }
  public var decodeRate: Double { median(turns.map { rate($0.decodeSeconds) }) }

  /// The rate of building over that of libavcodec: 1 where building costs nothing but libavcodec's decoding.
  public var share: Double { buildRate / max(decodeRate, 1e-9) }

  /// `build_pictures_per_s=… libavcodec_pictures_per_s=… build_share=…`.
  public var line: String {
    "build_pictures_per_s=\(Figures.plain(buildRate, 1)) libavcodec_pictures_per_s=\(Figures.plain(decodeRate, 1)) "
      + "build_share=\(Figures.plain(share, 3))"
  }

  /// A line for each turn.
  public var turnLines: [String] {
    turns.enumerated().map { number, turn in
      let (build, decode) = (rate(turn.buildSeconds), rate(turn.decodeSeconds))
      return "turn \(number + 1): "
        + "libavcodec \(Figures.plain(decode, 1)) pictures/s in \(Figures.plain(turn.decodeSeconds, 2)) s; "
        + "build \(Figures.plain(build, 1)) pictures/s in \(Figures.plain(turn.buildSeconds, 2)) s; "
        + "build_share \(Figures.plain(build / max(decode, 1e-9), 3))"
    }
  }

  private func rate(_ seconds: Double) -> Double { Double(pictureCount) / max(seconds, 1e-9) }

  private func median(_ values: [Double]) -> Double {
    guard !values.isEmpty else { return 0 }
    let sorted = values.sorted()
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  }
}
