import ArgumentParser
import Collectives
import Faults
import Foundation
import ShardFormat
import ShardReports

/// `sgmn-shard bench`: how fast a set is read, beside zstd alone, or built, beside libavcodec alone.
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measures reading beside zstd alone, or building beside libavcodec alone.",
    discussion: """
      Warm reads, best of three passes. zstd_share is the time of zstd alone for the same blocks over ours. With --build,
      building from JPEG files and libavcodec's decoding alone of the same files take turns, three each; build_share is
      the rate of building over that of libavcodec.

        sgmn-shard bench shards/train --threads 2
        sgmn-shard bench shards/train --order training --rgb
        sgmn-shard bench shards/train --shuffle-quality --batch 256
        sgmn-shard bench --build frames/train.jsonl --threads 2
        mpirun -n 8 sgmn-shard bench --synthetic-index 4000000
      """)

  enum Order: String, ExpressibleByArgument, CaseIterable { case sequential, training }

  @Argument(help: ArgumentHelp("The folder of the shards.", valueName: "folder")) var folder: String?
  @Option(help: "Reading or building threads.") var threads = 1
  @Option(help: "About how long each of the three passes lasts.") var seconds = 3.0
  @Option(help: "As stored (sequential), or as an epoch of training takes them.") var order = Order.sequential
  @Flag(help: "Also convert every picture to RGB.") var rgb = false
  @Flag(help: "Instead: how well the order of training mixes, from the index.") var shuffleQuality = false
  @Option(help: "For it: pairs of a step of all ranks.") var batch = 256
  @Option(help: "For it: data.shuffle_block of the training.") var shuffleBlock: Int?
  @Option(help: "For it: data.shuffle_window of the training.") var shuffleWindow: Int?
  @Flag(help: "For it: data.unique_products of the training.") var uniqueProducts = false
  @Option(help: ArgumentHelp("Instead: open an index of so many samples.", valueName: "samples"))
  var syntheticIndex: Int?
  @Option(help: ArgumentHelp("Instead: build the shards of this manifest of JPEG files.", valueName: "manifest"))
  var build: String?
  @Option(help: "For it: pixels of a side.") var resolution = 224
  @Option(help: "For it: frames of a clip at most, evenly spaced.") var frames = 10
  @Option(help: ArgumentHelp("Where a synthetic index or a built set is made for a moment.", valueName: "folder"))
  var temporary: String = FileManager.default.temporaryDirectory.path

  func validate() throws {
    guard [folder != nil, syntheticIndex != nil, build != nil].count(where: { $0 }) == 1 else {
      throw ValidationError("Give a folder of shards, --build or --synthetic-index.")
    }
    guard (0.01...3600).contains(seconds) else { throw ValidationError("--seconds is 0.01 … 3600.") }
    guard (1...1024).contains(threads) else { throw ValidationError("--threads is 1 … 1024.") }
    guard !shuffleQuality || folder != nil else { throw ValidationError("--shuffle-quality needs a folder of shards.") }
    guard (1...65_536).contains(batch) else { throw ValidationError("--batch is 1 … 65536.") }
    if let syntheticIndex, syntheticIndex < 1 { throw ValidationError("--synthetic-index is 1 or more.") }
  }

  func run() throws {
    if let syntheticIndex { return try RankedCommand.run { try openIndex(of: syntheticIndex, $0) } }
    if let build {
      let benchmark = BuildBenchmark(
        manifest: build, threadCount: threads, resolution: resolution, frameCount: frames, parent: temporary)
      return try benchmark.run()
    }
    guard let folder else { return }
    let set = try OpenedSet.at(folder)
    if shuffleQuality { return try showShuffleQuality(of: set) }
    let benchmark = ReadBenchmark(
      set, order: try sampleOrder(of: set), threadCount: threads, seconds: seconds, convertsToRGB: rgb)
    var line = ProgressLine("Reading")
    let result = try benchmark.run { stage in line.show(0, stage) }
    ProgressLine.clear()
    print(
      "\(folder): \(Figures.count(result.sampleCount, "sample")) a round, \(Figures.count(threads, "thread")), "
        + "\(order.rawValue) order\(rgb ? ", to RGB" : "")")
    for pass in result.passLines { print(pass) }
    print(result.line)
  }

  private func sampleOrder(of set: ShardSet) throws -> [Int] {
    let clips = (0..<set.count).filter { set.frameCount(at: $0) > 0 }
    return order == .sequential ? clips : try TrainingOrder(set, pairsPerStep: 1).numbers
  }

  private func showShuffleQuality(of set: ShardSet) throws {
    let order = try TrainingOrder(set, pairsPerStep: batch) { settings in
      if let shuffleBlock { settings.shuffleBlock = shuffleBlock }
      if let shuffleWindow { settings.shuffleWindow = shuffleWindow }
      settings.uniqueProducts = uniqueProducts
    }
    for line in order.qualityLines() { print(line) }
  }

  private func openIndex(of sampleCount: Int, _ communicator: any Communicator) throws {
    let result = try IndexBenchmark(sampleCount: sampleCount, parent: temporary).run(communicator)
    guard communicator.isLeader else { return }
    print(
      "index of \(Figures.count(sampleCount, "sample")): \(Figures.byteCount(result.indexByteCount)), written in "
        + "\(Figures.decimal(result.writeSeconds, 2)) s")
    for (rank, opening) in result.openings.enumerated() {
      print(
        "rank \(rank): opened in \(Figures.decimal(opening.seconds, 2)) s, at most "
          + "\(Figures.byteCount(opening.peakByteCount)) of memory meanwhile, \(Figures.byteCount(opening.heldByteCount)) kept"
      )
    }
    let worst = result.openings
    print(
      "ranks=\(worst.count) open_s=\(Figures.plain(worst.map(\.seconds).max() ?? 0, 3)) "
        + "peak_mb=\(Figures.plain(Double(worst.map(\.peakByteCount).max() ?? 0) / 1e6, 1)) "
        + "held_mb=\(Figures.plain(Double(worst.map(\.heldByteCount).max() ?? 0) / 1e6, 1))")
  }
}
