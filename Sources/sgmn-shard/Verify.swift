import ArgumentParser
import Faults
import ShardFormat

/// `sgmn-shard verify`: reads every byte and says what is wrong.
struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Checks every byte of a shard set and lists all damage.",
    discussion: """
      Exit code 0: whole. 65: damaged, each problem on a line of its own.

        sgmn-shard verify shards/train
      """)

  @Argument(help: ArgumentHelp("The folder of the shards.", valueName: "folder")) var folder: String
  @Flag(help: "Only index, sizes, headers and trailers; not the samples.") var quick = false

  func run() throws {
    let start = ContinuousClock.now
    let report = try ShardVerification.verify(folder: folder, depth: quick ? .quick : .full)
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    for problem in report.problems { print(problem) }
    let checked =
      "\(Table.count(report.shardCount, "shard")), \(Table.count(report.sampleCount, "sample")), \(ByteText.text(report.byteCount)) in "
      + "\(ProgressLine.duration(seconds))"
    guard report.isClean else {
      throw Fault(
        .badData, "\(Table.count(report.problems.count, "problem")) in \(checked)", at: folder,
        remedy: "Copy the damaged shards again or build the set anew")
    }
    print("\(folder): whole (\(quick ? "quick: structure only" : "every byte"); \(checked))")
  }
}
