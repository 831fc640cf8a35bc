import Faults
import Glibc
import ShardFormat
import Synchronization

/// How fast samples are read, verified and decompressed, beside zstd alone on the same blocks in the same threads.
///
/// A first pass, not counted, brings the samples into the page cache and finds how many of them fill a pass. Three
/// passes follow. In each, reading and zstd alone take turns over the same samples every quarter of a second, so that
/// what else the machine does disturbs both alike.
public struct ReadBenchmark: Sendable {
  public struct Pass: Sendable, Equatable {
    /// Of reading, verifying and decompressing, and of converting to RGB where asked for, by the clock.
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
    /// What the decoders of all threads spent their time on, in all passes and the warm-up.
    public var timings: ShardTimings
    /// Bytes of a sample's picture and frames as RGB, on average.
    public var rgbBytesPerSample: Double
    /// Bytes of all shards for each clip of the set.
    public var bytesPerPair: Double

    public var best: Pass { passes.max { $0.samplesPerSecond < $1.samplesPerSecond }! }

    /// `pairs_per_s=… rgb_mb_per_s=… bytes_per_pair=… zstd_share=…`, of the best pass.
    public var line: String {
      "pairs_per_s=\(Figures.plain(best.samplesPerSecond, 1)) "
        + "rgb_mb_per_s=\(Figures.plain(best.samplesPerSecond * rgbBytesPerSample / 1e6, 1)) "
        + "bytes_per_pair=\(Figures.plain(bytesPerPair, 0)) zstd_share=\(Figures.plain(best.zstdShare, 3))"
    }

    /// A line for each pass, and one about where the time of reading goes.
    public var passLines: [String] {
      let parts = [timings.readSeconds, timings.checkSeconds, timings.decodeSeconds]
      let shares = parts.map { Figures.percent($0 / max(parts.reduce(0, +), 1e-9)) }
      let places = "files \(shares[0]), checksums \(shares[1]), decompression and predictor \(shares[2])"
      return passes.enumerated().map { number, pass in
        "pass \(number + 1): \(Figures.plain(pass.samplesPerSecond, 1)) pairs/s in \(Figures.plain(pass.seconds, 2)) s; "
          + "bare zstd \(Figures.plain(Double(pass.sampleCount) / max(pass.bareSeconds, 1e-9), 1)) pairs/s; "
          + "zstd_share \(Figures.plain(pass.zstdShare, 3))"
      } + ["time of the readers: \(places)"]
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
  private static let turnSeconds = 0.25
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
    let readers = Readers(self)
    let (warmCount, warmSeconds) = try warmUp(readers)
    let samples = Array(order.prefix(warmCount))
    let rounds = max(1, Int((seconds / max(warmSeconds, 1e-6)).rounded()))
    let turn = max(threadCount, Int(Double(warmCount) * ReadBenchmark.turnSeconds / max(warmSeconds, 1e-6)))
    var passes: [Pass] = []
    for number in 1...ReadBenchmark.passCount {
      progress("pass \(number) of \(ReadBenchmark.passCount)")
      var pass = Pass(seconds: 0, bareSeconds: 0, sampleCount: samples.count * rounds)
      for start in stride(from: 0, to: pass.sampleCount, by: turn) {
        let places = start..<min(start + turn, pass.sampleCount)
        pass.seconds += try read(samples, places, readers)
        pass.bareSeconds += try decompress(samples, places, readers)
      }
      passes.append(pass)
    }
    let pictures = samples.reduce(0) { $0 + 1 + set.frameCount(at: $1) }
    let clipCount = (0..<set.count).reduce(0) { $0 + (set.frameCount(at: $1) > 0 ? 1 : 0) }
    return Result(
      threadCount: threadCount, sampleCount: samples.count, passes: passes, timings: readers.timings,
      rgbBytesPerSample: Double(pictures * set.configuration.rgbByteCount) / Double(samples.count),
      bytesPerPair: Double(set.index.byteCount) / Double(max(1, clipCount)))
  }

  /// The samples that are read in about `seconds`, and what the second of two such passes took.
  private func warmUp(_ readers: Readers) throws -> (count: Int, seconds: Double) {
    let end = ReadBenchmark.now() + seconds
    var (limit, byteCount) = (0, 0)
    while limit < order.count, byteCount < ReadBenchmark.warmByteLimit {
      byteCount += set.storedByteCount(of: order[limit]).sample
      limit += 1
    }
    let counts = try ParallelWork.run(count: limit, threadCount: threadCount) { next in
      let reader = readers.take()
      defer { readers.give(reader) }
      var count = 0
      while let place = next() {
        try reader.read(order[place])
        count += 1
        if ReadBenchmark.now() > end { break }
      }
      return count
    }
    let count = max(1, counts.reduce(0, +))
    return (count, try read(Array(order.prefix(count)), 0..<count, readers))
  }

  /// Seconds to read these places of the endlessly repeated samples.
  private func read(_ samples: [Int], _ places: Range<Int>, _ readers: Readers) throws -> Double {
    let start = ReadBenchmark.now()
    _ = try ParallelWork.run(count: places.count, threadCount: threadCount) { next in
      let reader = readers.take()
      defer { readers.give(reader) }
      while let item = next() { try reader.read(samples[(places.lowerBound + item) % samples.count]) }
    }
    return ReadBenchmark.now() - start
  }

  /// Seconds that zstd alone takes for the same, in as many threads: reading is not in them.
  private func decompress(_ samples: [Int], _ places: Range<Int>, _ readers: Readers) throws -> Double {
    let seconds = try ParallelWork.run(count: places.count, threadCount: threadCount) { next in
      let reader = readers.take()
      defer { readers.give(reader) }
      var seconds = 0.0
      while let item = next() {
        seconds += try reader.bareSeconds(samples[(places.lowerBound + item) % samples.count])
      }
      return seconds
    }
    return seconds.reduce(0, +) / Double(threadCount)
  }

  /// What one thread reads with.
  private final class Reader {
    private let set: ShardSet
    private let decoder = ShardDecoder()
    /// Another one, so that the times of `decoder` are those of reading alone.
    private let bareDecoder = ShardDecoder()
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

    var timings: ShardTimings { decoder.timings }

    func bareSeconds(_ number: Int) throws -> Double {
      let decompress = try set.decompressOnly(at: number, using: bareDecoder)
      let start = ReadBenchmark.now()
      decompress()
      return ReadBenchmark.now() - start
    }
  }

  /// The readers of all threads, kept from turn to turn: their memory is made once, as in a run.
  private final class Readers: @unchecked Sendable {
    /// Those that no thread has.
    private let free = Mutex<[Int]>([])
    private let all: [Reader]

    init(_ benchmark: ReadBenchmark) {
      all = (0..<benchmark.threadCount).map { _ in Reader(benchmark) }
      free.withLock { $0 = Array(all.indices) }
    }

    /// A reader for the calling thread alone; there are as many as threads.
    func take() -> Reader { all[free.withLock { $0.removeLast() }] }

    /// Of all readers; not while a thread has one.
    var timings: ShardTimings { all.map(\.timings).reduce(ShardTimings(), +) }

    func give(_ reader: Reader) {
      guard let number = all.firstIndex(where: { $0 === reader }) else { return }
      free.withLock { $0.append(number) }
    }
  }

  private static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
