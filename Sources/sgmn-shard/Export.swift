import ArgumentParser
import Faults
import ShardFormat
import ShardReports

/// `sgmn-shard export`: samples back to picture files.
struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes samples as PNG files and a manifest that 'build' takes again.",
    discussion: """
        sgmn-shard export shards/train --out exported --count 100
        sgmn-shard export shards/train --out exported --range '5000..<5100'
        sgmn-shard build --manifest exported/manifest.jsonl --out again --resolution 224 --frames 10
      """)

  @Argument(help: ArgumentHelp("The folder of the shards.", valueName: "folder")) var folder: String
  @Option(name: .customLong("out"), help: ArgumentHelp("The folder to make.", valueName: "folder")) var output: String
  @Option(help: ArgumentHelp("Sample numbers, a..<b. Default: all.", valueName: "a..<b")) var range: SampleRange?
  @Option(help: "The first so many samples.") var count: Int?
  @Option(help: "Encoding threads. Default: all cores.") var threads: Int?

  func validate() throws {
    guard range == nil || count == nil else { throw ValidationError("Give --range or --count, not both.") }
    if let count, count < 1 { throw ValidationError("--count is 1 or more.") }
  }

  func run() throws {
    let threadCount = try ThreadCount.checked(threads)
    let set = try OpenedSet.at(folder)
    let wished = range?.numbers ?? 0..<min(count ?? set.count, set.count)
    guard wished.upperBound <= set.count else {
      throw Fault(
        .usage, "Samples \(wished.lowerBound)..<\(wished.upperBound), but the set has \(set.count)", at: folder)
    }
    var line = ProgressLine("Exporting")
    let summary = try SampleExport(set, range: wished).write(to: output, threadCount: threadCount) { done in
      line.show(Double(done) / Double(max(1, wished.count)), "\(Figures.grouped(done)) samples")
    }
    ProgressLine.clear()
    print(
      "\(output): \(Figures.count(summary.sampleCount, "sample")), "
        + "\(Figures.count(summary.pictureFileCount, "picture")) of \(Figures.byteCount(summary.byteCount))")
    print(
      "Next: sgmn-shard build --manifest \(output)/manifest.jsonl --out … --resolution "
        + "\(set.configuration.resolution) --frames \(set.configuration.maximumFrameCount)")
  }
}

/// `a..<b` with a < b.
struct SampleRange: ExpressibleByArgument {
  var numbers: Range<Int>

  init?(argument: String) {
    let parts = argument.components("..<")
    guard parts.count == 2, let low = Int(parts[0]), let high = Int(parts[1]), low >= 0, low < high else { return nil }
    numbers = low..<high
  }
}

extension String {
  /// The parts between `separator`.
  fileprivate func components(_ separator: String) -> [Substring] {
    split(separator: separator, omittingEmptySubsequences: false)
  }
}
