import Collectives
import Faults
import Foundation
import MediaDecoding
import ShardBuilding
import ShardFormat
import ShardReports

/// `sgmn-shard bench --build`: building from JPEG files, beside libavcodec's decoding alone of the same files.
struct BuildBenchmark {
  var manifest: String
  /// Threads of libavcodec alone, and of the build.
  var threadCount: Int
  var resolution: Int
  /// Frames of a clip at most.
  var frameCount: Int
  /// Where the set of each turn is made and removed.
  var parent: String

  /// Prints a line for each turn, and last that of all. Throws `Fault(.badData)` where the manifest has videos, or
  /// pictures that are no JPEG, and what reading and building throw.
  func run() throws {
    let builder = try makeBuilder()
    let source = SourceDescription(.manifest(path: manifest, allowOutside: false))
    let catalog = try source.open(threadCount: threadCount).catalog
    let decoding = JPEGDecoding(try pictures(of: catalog), threadCount: threadCount)
    let files = try showing("Reading") { show in try decoding.warmUp { show($0, "files") } }
    print(
      "\(manifest): \(Figures.count(decoding.pictures.count, "picture")) of \(Figures.count(catalog.count, "sample")), "
        + "in \(Figures.count(files.fileCount, "file")) of \(Figures.byteCount(files.byteCount)); "
        + "\(Figures.count(threadCount, "thread")), resolution \(resolution), frames \(frameCount)")
    try StopSignals.install()
    var comparison = BuildComparison(pictureCount: decoding.pictures.count)
    for number in 1...BuildComparison.turnCount {
      let turn = "turn \(number) of \(BuildComparison.turnCount)"
      let decodeSeconds = try showing("libavcodec") { show in try decoding.seconds { show($0, turn) } }
      if StopSignals.isRequested { throw stopped }
      let buildSeconds = try showing("Building") { show in try build(catalog, builder) { show($0, turn) } }
      comparison.turns.append(.init(buildSeconds: buildSeconds, decodeSeconds: decodeSeconds))
      print(comparison.turnLines[number - 1])
    }
    print(comparison.line)
  }

  /// What `build` uses where it is given no other options.
  private func makeBuilder() throws -> ShardBuilder {
    do {
      return try ShardBuilder(
        configuration: ShardConfiguration(resolution: resolution, maximumFrameCount: frameCount), texts: .hashedNgrams,
        decoding: .workers(DecodeWorkers(.itself([DecodeWorkerCommand.name]))))
    } catch let fault as Fault {
      throw Fault(.usage, fault.what, remedy: fault.remedy)
    }
  }

  /// The files that a build reads, in its order: of each entry the frames that are kept, and the image.
  private func pictures(of catalog: any SampleCatalog) throws -> [MediaLocation] {
    try (0..<catalog.count).flatMap { index in
      let sample = try catalog.sample(at: index)
      switch sample.frames {
      case .none: return [sample.image]
      case .pictures(let frames):
        let indices = FrameSampling.evenIndices(frameCount: frames.count, limit: frameCount)
        return indices.map { frames[$0] } + [sample.image]
      case .video:
        throw Fault(
          .badData, "\(sample.name) is a video", at: catalog.place(of: index),
          remedy: "Give a manifest whose clips are lists of JPEG files, in \"frames\"")
      }
    }
  }

  /// Seconds by the clock of one build into a folder that is removed afterwards, which they do not count.
  private func build(
    _ catalog: any SampleCatalog, _ builder: ShardBuilder, progress: @escaping (_ share: Double) -> Void
  ) throws -> Double {
    let folder = "\(parent)/sgmn-build-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var options = BuildOptions(threadCount: threadCount)
    options.checksSpace = false  // a probe of the source is no part of building it
    var watch = BuildWatch()
    watch.isStopRequested = { StopSignals.isRequested }
    watch.progress = { progress(Double($0.doneCount) / Double(max(1, $0.entryCount))) }
    let start = ContinuousClock.now
    do {
      try builder.build(catalog, source: manifest, to: folder, options: options, watch: watch)
    } catch let agreed as AgreedFault {
      throw agreed.fault.code == .stoppedWithCheckpoint ? stopped : agreed.fault
    }
    return (ContinuousClock.now - start) / .seconds(1)
  }

  private var stopped: Fault {
    Fault(.stoppedWithCheckpoint, "Stopped; nothing is kept", at: manifest, remedy: "Run the same command again")
  }

  /// Runs `body` with a line on the terminal, which is gone afterwards.
  private func showing<Value>(
    _ label: String, _ body: (_ show: @escaping (_ share: Double, _ detail: String) -> Void) throws -> Value
  ) rethrows -> Value {
    var line = ProgressLine(label)
    defer { ProgressLine.clear() }
    return try body { line.show($0, $1) }
  }
}
