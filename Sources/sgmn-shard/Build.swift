import ArgumentParser
import Collectives
import Faults
import ShardBuilding
import ShardReports
import Telemetry

/// `sgmn-shard build`: media to shards.
struct Build: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Decodes clips and pictures once and packs them into shards.",
    discussion: """
      From a manifest (JSON Lines, shards/manifest.md), alone or on the ranks of one or more machines:

        sgmn-shard build --manifest demo/train.jsonl --out shards/train --resolution 48 --frames 4
        mpirun -n 8 sgmn-shard build --manifest demo/train.jsonl --out shards/train --resolution 48 --frames 4

      docs/inputs.md has the other sources. The bytes depend on neither --threads nor the ranks. A build that was stopped
      goes on when the same command is given again, and ends in the same bytes.
      """)

  @OptionGroup(title: "Source") var source: SourceOptions
  @OptionGroup(title: "Set") var set: SetOptions
  @Option(name: .customLong("out"), help: ArgumentHelp("The folder of the shards.", valueName: "folder"))
  var output: String
  @Option(help: "A clip that cannot be read: stop ('fail') or leave it out ('skip').")
  var onBad: ShardBuilder.BadSamplePolicy?
  @Flag(help: "Try again what was left out, in a finished set too; leaves out what still cannot be read.")
  var retry = false
  @Flag(help: "Remove an unfinished build of other settings from the folder first.") var restart = false
  @Flag(help: "Do not compare the size of a large set with the free space first.") var noEstimate = false
  @OptionGroup var ranks: RankOptions

  func validate() throws {
    if retry, onBad == .fail { throw ValidationError("--retry leaves out what is bad, so --on-bad fail is of no use.") }
    if retry, restart { throw ValidationError("Give one of --retry and --restart.") }
  }

  func run() throws {
    try RankedCommand.run(hangSeconds: ranks.hangSeconds) { communicator in
      let threadCount = set.threadCount(on: communicator)
      let opened = try source.open(on: communicator, threadCount: threadCount)
      let builder = try communicator.together { try set.builder(opened, retry ? .skip : onBad ?? .fail) }
      var options = BuildOptions(threadCount: threadCount)
      options.retriesLeftOut = retry
      options.restarts = restart
      options.checksSpace = !noEstimate
      let line = BuildProgressLine()
      defer { if communicator.isLeader { line.finish() } }
      let start = ContinuousClock.now
      let report = try builder.build(
        opened.catalog, source: source.text, to: output, on: communicator, options: options,
        watch: watch(communicator, line))
      guard communicator.isLeader else { return }
      line.finish()
      show(report, seconds: (ContinuousClock.now - start) / .seconds(1))
    }
  }

  private func watch(_ communicator: any Communicator, _ line: BuildProgressLine) -> BuildWatch {
    var watch = BuildWatch()
    watch.willBegin = { try StopSignals.install() }
    watch.isStopRequested = { StopSignals.isRequested }
    guard communicator.isLeader else { return watch }
    watch.progress = { line.show($0) }
    watch.estimate = { estimate in
      line.tell(
        "about \(Format.byteCount(estimate.byteCount)) in \(Format.duration(seconds: estimate.seconds)); "
          + "\(Format.byteCount(estimate.freeByteCount)) are free")
    }
    return watch
  }

  private func show(_ report: BuildReport, seconds: Double) {
    let kept = report.keptShardCount > 0 ? ", \(report.keptShardCount) of them there before" : ""
    print(
      "\(output): \(report.clipCount) clips, \(report.pictureCount) gallery pictures, \(report.frameCount) frames, "
        + "\(Figures.byteCount(report.byteCount)) in \(Figures.count(report.shardCount, "shard"))\(kept), "
        + "in \(ProgressLine.duration(seconds))")
    guard report.rejectedCount > 0 else { return }
    print("Left out: \(report.rejectedCount), listed in \(output)/rejected.jsonl; --retry tries them again")
    for (cause, count) in report.rejectedCounts.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
      print("  \(Figures.right(String(count), 8))  \(cause)")
    }
  }
}

extension ShardBuilder.BadSamplePolicy: ExpressibleByArgument {}
