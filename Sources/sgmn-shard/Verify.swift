import ArgumentParser
import Collectives
import Faults
import ShardFormat
import ShardReports

/// `sgmn-shard verify`: reads every byte and says what is wrong.
struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Checks every byte of a shard set and lists all damage.",
    discussion: """
      Exit code 0: whole. 65: damaged, each problem on a line of its own, with shard, byte and sample.

        sgmn-shard verify shards/train
        sgmn-shard verify shards/train --quick
        mpirun -n 8 sgmn-shard verify shards/train
      """)

  @Argument(help: ArgumentHelp("The folder of the shards.", valueName: "folder")) var folder: String
  @Flag(help: "Only the index and the structure of every shard; not the samples.") var quick = false
  @Option(help: "Threads of each rank. Default: all cores, shared among the ranks of a machine.") var threads: Int?
  @OptionGroup var ranks: RankOptions

  func run() throws { try RankedCommand.run(hangSeconds: ranks.hangSeconds, verify) }

  private func verify(_ communicator: any Communicator) throws {
    let cores = try ThreadCount.checked(threads)
    let threadCount = threads == nil ? max(1, cores / communicator.localRankCount) : cores
    let isLeader = communicator.isLeader
    var line = ProgressLine("Verifying")
    let verification = SetVerification(folder: folder, depth: quick ? .quick : .full, threadCount: threadCount)
    let report = try verification.run(communicator) { begun, count in
      let share = isLeader && communicator.rankCount > 1 ? " of rank 0's share" : ""
      if isLeader {
        line.show(
          Double(begun) / Double(max(1, count)), "\(Figures.grouped(begun)) of \(Figures.count(count, "shard"))\(share)"
        )
      }
    }
    if isLeader {
      ProgressLine.clear()
      for problem in report.problems { print(problem) }
    }
    let checked =
      "\(Figures.count(report.shardCount, "shard")), \(Figures.count(report.sampleCount, "sample")), "
      + "\(Figures.byteCount(report.byteCount)) in \(ProgressLine.duration(line.elapsedSeconds))"
    guard report.problemCount == 0 else {
      throw AgreedFault(
        fault: Fault(
          .badData, "\(Figures.count(report.problemCount, "problem")) in \(checked)", at: folder,
          remedy: "Copy the damaged shards again or build the set anew"), rank: 0)
    }
    if isLeader { print("\(folder): whole (\(quick ? "quick: structure only" : "every byte"); \(checked))") }
  }
}
