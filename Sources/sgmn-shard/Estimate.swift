import ArgumentParser
import Collectives
import Faults
import Foundation
import ShardBuilding
import ShardReports
import Telemetry

/// `sgmn-shard estimate`: what a build would take.
struct Estimate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Says how large a set will be and how long it will take, from a probe of 200 clips.",
    discussion: """
        sgmn-shard estimate --manifest demo/train.jsonl --out shards/train --resolution 48 --frames 4

      Takes the options of build, and writes nothing. Exit code 74 where the disk is too small.
      """)

  @OptionGroup(title: "Source") var source: SourceOptions
  @OptionGroup(title: "Set") var set: SetOptions
  @Option(
    name: .customLong("out"),
    help: ArgumentHelp("Where the shards shall be: the free space there is what counts.", valueName: "folder"))
  var output: String
  @Flag(help: "One JSON object on stdout.") var json = false
  @OptionGroup var ranks: RankOptions

  func run() throws {
    try RankedCommand.run(hangSeconds: ranks.hangSeconds) { communicator in
      let threadCount = set.threadCount(on: communicator)
      let opened = try source.open(on: communicator, threadCount: threadCount)
      let builder = try communicator.together { try set.builder(opened, .skip) }
      let estimate = try builder.estimate(
        opened.catalog, for: output, on: communicator, options: BuildOptions(threadCount: threadCount))
      if communicator.isLeader { try show(estimate) }
      try communicator.together { try estimate.refuseSmallDisk() }
    }
  }

  private func show(_ estimate: BuildEstimate) throws {
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      return print(String(decoding: try encoder.encode(Contents(estimate)), as: UTF8.self))
    }
    let size = set.samplesPerShard
    let shardCount = (estimate.entryCount + size - 1) / size
    let rate = Double(estimate.entryCount) / max(estimate.seconds, 1e-9)
    let share = Double(Int(estimate.picturesPerSample * 1000 + 0.5)) / 1000
    for (name, text) in [
      ("probe", "\(estimate.probedCount) clips, \(estimate.rejectedCount) of them cannot be read"),
      (
        "pair",
        "\(Format.byteCount(Int(estimate.bytesPerSample))): \(Format.byteCount(Int(estimate.sampleByteCount))) and "
          + "\(share) of a product picture of \(Format.byteCount(Int(estimate.pictureByteCount)))"
      ),
      (
        "shards",
        "\(Format.byteCount(estimate.byteCount)) for \(Format.grouped(estimate.entryCount)) entries, "
          + "in \(Figures.count(shardCount, "shard"))"
      ),
      ("free", "\(Format.byteCount(estimate.freeByteCount)) at \(output)"),
      (
        "time",
        "\(Format.duration(seconds: estimate.seconds)) with \(Figures.count(estimate.threadCount, "thread")) "
          + "(\(Format.rate(rate, "clips")))"
      ),
      (
        "memory",
        "\(Format.byteCount(estimate.memoryByteCount)): \(Figures.count(estimate.threadCount, "decoder")) of up to "
          + "\(Format.byteCount(estimate.decoderMemoryByteCount)), "
          + "\(Figures.count(estimate.rankCount, "process", plural: "processes")) of "
          + Format.byteCount(estimate.processMemoryByteCount)
      ),
    ] { print(Figures.left(name, 8) + text) }
  }

  /// The estimate with what follows from it.
  private struct Contents: Encodable {
    var estimate: BuildEstimate
    var bytes: Int
    var bytesPerPair: Double
    var seconds: Double
    var memoryBytes: Int

    init(_ estimate: BuildEstimate) {
      self.estimate = estimate
      bytes = estimate.byteCount
      bytesPerPair = estimate.bytesPerSample
      seconds = estimate.seconds
      memoryBytes = estimate.memoryByteCount
    }
  }
}
