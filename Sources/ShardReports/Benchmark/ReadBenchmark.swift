import Faults
import Glibc
import ShardFormat

/// How fast samples are read, verified and decompressed, beside zstd alone on the same blocks in the same threads.
///
/// A first pass, not counted, brings the samples into the page cache and finds how many of them fill a pass. Three
/// passes follow, and after each the same samples once more with zstd alone timed.
public struct ReadBenchmark: Sendable {
  public struct Pass: Sendable, Equatable {
    /// Of reading, verifying and decompressing, and of converting to RGB where asked for.
    public var seconds: Double
    /// Of zstd's decompression alone: what its threads spent in it, shared among them.
    public var bareSeconds: Double
    /// Samples of this pass; the list of samples is gone through several times where it is short.
    public var sampleCount: Int

    public var samplesPerSecond: Double { Double(sampleCount) / max(seconds, 1e-9) }
    /// Bare zstd's seconds over ours: 1 where reading costs nothing else.
    public var zstdShare: Double { bareSeconds / max(seconds, 1e-9) }
  }

  public struct Result: Sendable {
    public var threadCount: Int
    /// Different samples that were read.
    public var sampleCount: Int
    public var passes: [Pass]
    /// Bytes of a sample's picture and frames as RGB, on average.
    public var rgbBytesPerSample: Double
    /// Bytes of all shards for each clip of the set.
    public var bytesPerPair: Double

    public var best: Pass { passes.max { $0.samplesPerSecond < $1.samplesPerSecond }! }

    /// The least seconds of bare zstd over our least, each of any pass: what disturbs one of them for a moment does not
    /// change it.
    public var zstdShare: Double {
      (passes.map(\.bareSeconds).min() ?? 0) / max(passes.map(\.seconds).min() ?? 0, 1e-9)
    }

    /// `pairs_per_s=… rgb_mb_per_s=… bytes_per_pair=… zstd_share=…`, of the best pass.
    public var line: String {
      "pairs_per_s=\(plain(best.samplesPerSecond, 1)) "
        + "rgb_mb_per_s=\(plain(best.samplesPerSecond * rgbBytesPerSample / 1e6, 1)) "
        + "bytes_per_pair=\(plain(bytesPerPair, 0)) zstd_share=\(plain(zstdShare, 3))"
    }

    /// A line for each pass.
    public var passLines: [String] {
      passes.enumerated().map { number, pass in
        "pass \(number + 1): \(plain(pass.samplesPerSecond, 1)) pairs/s in \(plain(pass.seconds, 2)) s; "
          + "bare zstd \(plain(Double(pass.sampleCount) / max(pass.bareSeconds, 1e-9), 1)) pairs/s; "
          + "zstd_share \(plain(pass.zstdShare, 3))"
      }
    }

    /// Without grouping, for programs.
    private func plain(_ value: Double, _ places: Int) -> String {
      Figures.decimal(value, places).filter { $0 != "," }
    }
  }

  public var set: ShardSet
  /// Numbers of the samples to read, in order.
  public var order: [Int]
  public var threadCount: Int
  /// About how long a pass lasts.
  public var seconds: Double
  /// Whether pictures are also converted to RGB.
  public var convertsToRGB: Bool
  public static let passCount = 3
  /// More than this may not stay in the page cache of a small machine.
  static let warmByteLimit = 2 << 30

  public init(_ set: ShardSet, order: [Int], threadCount: Int, seconds: Double, convertsToRGB: Bool = false) {
    precondition(threadCount >= 1 && seconds > 0, "\(threadCount) threads for \(seconds) s")
    self.set = set
    self.order = order
    self.threadCount = threadCount
    self.seconds = seconds
    self.convertsToRGB = convertsToRGB
  }

  /// Reads. Throws `Fault(.inputMissing)` without samples, and what reading throws.
  public func run(progress: (String) -> Void = { _ in }) throws -> Result {
    guard !order.isEmpty else { throw Fault(.inputMissing, "The set has no pairs to read", at: set.folder) }
    progress("warming up")
    let (warmCount, warmSeconds) = try warmUp()
    let samples = Array(order.prefix(warmCount))
    let rounds = max(1, Int((seconds / max(warmSeconds, 1e-6)).rounded()))
    var passes: [Pass] = []
    for number in 1...ReadBenchmark.passCount {
      progress("pass \(number) of \(ReadBenchmark.passCount)")
      let ours = try read(samples, rounds: rounds)
      let bare = try decompress(samples, rounds: rounds)
      passes.append(Pass(seconds: ours, bareSeconds: bare, sampleCount: samples.count * rounds))
    }
    let pictures = samples.reduce(0) { $0 + 1 + set.frameCount(at: $1) }
    let clipCount = (0..<set.count).reduce(0) { $0 + (set.frameCount(at: $1) > 0 ? 1 : 0) }
    return Result(
      threadCount: threadCount, sampleCount: samples.count, passes: passes,
      rgbBytesPerSample: Double(pictures * set.configuration.rgbByteCount) / Double(samples.count),
      bytesPerPair: Double(set.index.byteCount) / Double(max(1, clipCount)))
  }

  /// The samples that are read in about `seconds`, and what the second of two such passes took.
  private func warmUp() throws -> (count: Int, seconds: Double) {
    let end = ReadBenchmark.now() + seconds
    var (limit, byteCount) = (0, 0)
    while limit < order.count, byteCount < ReadBenchmark.warmByteLimit {
      byteCount += set.storedByteCount(of: order[limit]).sample
      limit += 1
    }
    let counts = try ParallelWork.run(count: limit, threadCount: threadCount) { next in
      let reader = Reader(self)
      var count = 0
      while let place = next() {
        try reader.read(order[place])
        count += 1
        if ReadBenchmark.now() > end { break }
      }
      return count
    }
    let count = max(1, counts.reduce(0, +))
    return (count, try read(Array(order.prefix(count)), rounds: 1))
  }

  /// Seconds to read the samples so many times.
  private func read(_ samples: [Int], rounds: Int) throws -> Double {
    let start = ReadBenchmark.now()
    _ = try ParallelWork.run(count: samples.count * rounds, threadCount: threadCount) { next in
      let reader = Reader(self)
      while let place = next() { try reader.read(samples[place % samples.count]) }
    }
    return ReadBenchmark.now() - start
  }

  /// Seconds that zstd alone takes for the same, in as many threads: reading is not in them.
  private func decompress(_ samples: [Int], rounds: Int) throws -> Double {
    let seconds = try ParallelWork.run(count: samples.count * rounds, threadCount: threadCount) { next in
      let decoder = ShardDecoder()
      var seconds = 0.0
      while let place = next() {
        let decompress = try set.decompressOnly(at: samples[place % samples.count], using: decoder)
        let start = ReadBenchmark.now()
        decompress()
        seconds += ReadBenchmark.now() - start
      }
      return seconds
    }
    return seconds.reduce(0, +) / Double(threadCount)
  }

  /// What one thread reads with.
  private final class Reader {
    private let set: ShardSet
    private let decoder = ShardDecoder()
    private var rgb: [UInt8]

    init(_ benchmark: ReadBenchmark) {
      set = benchmark.set
      let configuration = set.configuration
      let size = configuration.rgbByteCount * configuration.maximumFrameCount
      rgb = [UInt8](repeating: 0, count: benchmark.convertsToRGB ? size : 0)
    }

    func read(_ number: Int) throws {
      _ = try set.load(at: number, using: decoder)
      guard !rgb.isEmpty else { return }
      let (encoding, resolution) = (set.configuration.pixelEncoding, set.configuration.resolution)
      rgb.withUnsafeMutableBytes { rgb in
        encoding.copyRGB(of: decoder.image, into: rgb, resolution: resolution)
        encoding.copyRGB(of: decoder.frames, into: rgb, resolution: resolution)
      }
    }
  }

  private static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
