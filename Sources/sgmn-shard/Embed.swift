import ArgumentParser
import CUDAWorker
import Collectives
import Faults
import PretrainedWeights
import ShardBuilding
import ShardReports
import Telemetry
import TensorCore

/// `sgmn-shard embed`: the texts of a set through an encoder, into a new set.
struct Embed: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Adds what a text encoder says of titles and speech to a copy of a shard set.",
    discussion: """
      Pictures are copied as they are stored. Alone, or on the ranks of one or more machines:

        sgmn-shard embed --shards shards/train --out shards/train-texts --encoder chinese-clip
        mpirun -n 8 sgmn-shard embed --shards shards/train --out shards/train-texts --encoder chinese-clip

      An encoder is a folder with model.safetensors (or pytorch_model.bin) and vocab.txt of Chinese-CLIP or BERT
      (docs/text.md), or hashed-ngrams, which is built in.

      The bytes do not depend on the ranks. What was stopped goes on when the same command is given again, and ends in the
      same bytes.
      """)

  @Option(help: ArgumentHelp("The set whose texts are encoded.", valueName: "folder")) var shards: String
  @Option(name: .customLong("out"), help: ArgumentHelp("The folder of the new set.", valueName: "folder"))
  var output: String
  @Option(help: ArgumentHelp("What turns texts into vectors: a folder, or hashed-ngrams.", valueName: "encoder"))
  var encoder: String
  @Option(help: "The most tokens of a text, [CLS] and [SEP] among them; what is longer is cut.")
  var tokenLimit = PretrainedTextEncoder.defaultTokenLimit
  @Flag(help: "Store the features of every token too, for model.text_filter gated.") var tokens = false
  @Option(
    help: ArgumentHelp(
      "What computes: cpu, cuda (each rank a GPU), cuda:N (that GPU), or auto: GPUs where there are any.",
      valueName: "device"))
  var device = DeviceChoice.auto
  @Option(help: "Threads of a rank's encoder on CPUs; 0 shares the machine's cores among its ranks.") var threads = 0
  @Flag(help: "Remove what another run has left unfinished in the folder first.") var restart = false
  @Flag(help: "Do not compare the size of the set with the free space first.") var noEstimate = false
  @OptionGroup var ranks: RankOptions

  func run() throws {
    _ = BLASCore("auto").select()  // before any thread and any product
    try RankedCommand.run(hangSeconds: ranks.hangSeconds) { communicator in
      let logger = Logger(rank: communicator.rank, rankCount: communicator.rankCount)
      let encoder = try TextEncoderChoice.open(
        encoder, tokenLimit: tokenLimit, device: device, threads: threads, communicator: communicator, logger: logger)
      let embedder = try communicator.together {
        try TextEmbedder(OpenedSet.at(shards), encoder: encoder, tokens: tokens)
      }
      var options = BuildOptions()
      options.restarts = restart
      options.checksSpace = !noEstimate
      let line = BuildProgressLine()
      defer { if communicator.isLeader { line.finish() } }
      let start = ContinuousClock.now
      let report = try embedder.embed(
        to: output, on: communicator, options: options, watch: watch(communicator, line))
      guard communicator.isLeader else { return }
      line.finish()
      show(report, seconds: (ContinuousClock.now - start) / .seconds(1))
    }
  }

  private func watch(_ communicator: any Communicator, _ line: BuildProgressLine) -> BuildWatch {
    var watch = BuildWatch()
    watch.willBegin = { try StopSignals.install() }
    watch.isStopRequested = { StopSignals.isRequested }
    if communicator.isLeader { watch.progress = { line.show($0) } }
    return watch
  }

  private func show(_ report: TextEmbeddingReport, seconds: Double) {
    let kept = report.keptShardCount > 0 ? ", \(report.keptShardCount) of them there before" : ""
    print(
      "\(output): \(Figures.count(report.sampleCount, "sample")), \(Figures.count(report.encodedCount, "text")) encoded, "
        + "\(Figures.byteCount(report.byteCount)) in \(Figures.count(report.shardCount, "shard"))\(kept), "
        + "in \(ProgressLine.duration(seconds))")
  }
}
