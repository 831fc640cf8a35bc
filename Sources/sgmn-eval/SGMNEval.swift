import ArgumentParser
import CUDAWorker
import Collectives
import CommandRunning
import DataLoading
import DurableFiles
import Evaluation
import Faults
import Foundation
import RankWorkers
import RemoteStorage
import ShardFormat
import Supervision
import Telemetry
import TensorCore
import Training

@main
struct SGMNEval: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sgmn-eval",
    abstract: "Evaluates a checkpoint: recall within each live's gallery.",
    discussion: """
      mpirun -n 8 sgmn-eval --checkpoint RUN --shards DATA/test

      Ranks share the encoding; the result does not depend on their number. The table goes to standard output, the
      report as JSON to --json. docs/evaluation.md says what is computed.

      Exit codes: 0 done, 64 usage, 65 bad data, 66 input missing, 69 no GPU, 78 checkpoint and shards do not go together,
      81 a rank hangs, 82 the ranks do not agree.
      """)

  @Option(name: .shortAndLong, help: "A run's folder (its newest checkpoint), or one checkpoint's.")
  var checkpoint: String

  @Option(name: .shortAndLong, help: "The shards to evaluate on: a folder, https://HOST/PATH or s3://BUCKET/PREFIX.")
  var shards: String

  @Option(help: ArgumentHelp("Keep whole shards of a remote set in this folder.", valueName: "folder"))
  var cache = ""

  @Option(help: ArgumentHelp("What the shards in the cache may take.", valueName: "bytes"))
  var cacheBytes = 0

  @Option(help: ArgumentHelp("Write the report as JSON to this file; - is standard output.", valueName: "file"))
  var json: String?

  @Flag(help: "Score by the pictures alone, whatever the model was trained with.")
  var withoutText = false

  @Option(
    help: ArgumentHelp(
      "The frozen text encoder of the run, where the shards do not hold its features (the run's data.text_encoder).",
      valueName: "folder"))
  var textEncoder: String?

  @Option(
    help: ArgumentHelp(
      "The most tokens of a text that it encodes (the run's data.text_tokens).", valueName: "tokens"))
  var textTokens: Int?

  @Option(help: "Clips or images encoded at a time.")
  var batch = 32

  @Option(
    help: ArgumentHelp(
      "What computes: cpu, cuda (each rank a GPU), cuda:N (that GPU), or auto: GPUs where there are any.",
      valueName: "device"))
  var device = DeviceChoice.auto

  @Option(help: ArgumentHelp("Operands of products: float32, bf16, or auto: bf16 on GPUs.", valueName: "format"))
  var precision = RunConfiguration.PrecisionChoice.auto

  @Option(help: "Threads of a rank's kernels on CPUs; 0 shares the machine's cores among its ranks.")
  var threads = 0

  @Option(
    help: "auto keeps each of them on a core of its own where there is one for each; off leaves them to the system.")
  var pin = Pinning.auto

  @Option(help: ArgumentHelp("OpenBLAS kernels: auto, env or a core's name.", valueName: "core"))
  var blasCore = "auto"

  @Option(
    help: ArgumentHelp(
      "For how long a rank may be silent, and a thirtieth of what a batch may take; 0 for ever.", valueName: "seconds"))
  var hangSeconds = 20.0

  func validate() throws {
    guard hangSeconds == 0 || (1...1e6).contains(hangSeconds) else {
      throw ValidationError("--hang-seconds \(hangSeconds) is neither 0 nor within 1…1000000")
    }
    guard batch >= 1 else { throw ValidationError("--batch \(batch) is not 1 or more") }
    guard cacheBytes >= 0, cache.isEmpty == (cacheBytes == 0) else {
      throw ValidationError("--cache and --cache-bytes go together")
    }
    guard threads >= 0 else { throw ValidationError("--threads \(threads) is negative") }
  }

  func run() throws {
    let override = BLASCore(blasCore).select()  // before any thread and any product
    let code = try CommandEnd.report {
      let startLimit = StartLimit()
      let communicator = try Ranks.start()
      startLimit.end()
      return try CommandEnd.run(communicator, folder: nil, endSeconds: endSeconds) { logger in
        if let override { logger.notice(override) }
        try CommandWatch.run(hangLimits, option: "--hang-seconds", over: communicator, logger: logger) { progress in
          let report = try evaluate(communicator, logger, progress)
          guard communicator.isLeader else { return }
          progress.enter(.ending, step: progress.snapshot.step)
          try show(report)
        }
        return .done
      }
    }
    throw ArgumentParser.ExitCode(code.rawValue)
  }

  /// How long the ranks may take to end together.
  private func endSeconds() -> Double? { hangSeconds > 0 ? 3 * hangSeconds : nil }

  /// A set that is far away may let a batch wait as long as a request is tried again.
  private var hangLimits: HangLimits {
    let remoteSeconds = ShardLocation.isRemote(shards) ? RemoteSettings().longestRequestSeconds : 0
    let long = max(30 * hangSeconds, remoteSeconds)
    return HangLimits(floor: hangSeconds, long: long, data: long)
  }

  private func evaluate(
    _ communicator: any Communicator, _ logger: Logger, _ progress: RankProgress
  ) throws -> RetrievalReport {
    let backend = try RankWorker.make(
      device, threads: threads, pinning: pin, communicator: communicator, logger: logger)
    // Rank 0 chooses for all: a run that is under way may save between two looks at its folder.
    let chosen = try communicator.together {
      communicator.isLeader ? [UInt8](try TrainedModel.checkpointFolder(of: checkpoint).utf8) : nil
    }
    let folder = String(decoding: try communicator.broadcast(chosen, from: 0), as: UTF8.self)
    let precision = try precision.available(on: backend, communicator: communicator, logger: logger)
    let (trained, set, encoder) = try communicator.together {
      let trained = try TrainedModel(folder, precision: precision, backend: backend)
      let set = try ShardSource.open(
        shards, cache: RunConfiguration.CacheConfiguration(folder: cache, bytes: cacheBytes)
      ) { logger.warning($0) }
      let encoder =
        withoutText ? nil : try trained.textEncoder(for: set, in: textEncoder, tokenLimit: textTokens, backend: backend)
      try Evaluator.check(
        set, fit: trained.model.configuration, usesText: !withoutText && encoder == nil,
        textEncoder: trained.state.textEncoder)
      try set.checkFiles(rank: communicator.rank, of: communicator.rankCount, threadCount: 8)
      return (trained, set, encoder)
    }
    if let encoder, trained.state.textEncoder == nil {
      logger.warning("the checkpoint does not say what encoded its texts; these are encoded by \(encoder.name)")
    }
    logger.info("\(trained.checkpoint.folder) on \(shards): \(communicator.rankCount) rank(s), \(backend.summary)")
    let origin = RetrievalReport.ModelOrigin(
      checkpoint: trained.checkpoint.folder, step: trained.state.step, precision: precision.rawValue)
    let evaluator = Evaluator(
      model: trained.model, tokenizer: trained.tokenizer, backend: backend, communicator: communicator,
      configuration: EvaluationOptions(batchSize: batch, model: origin), textEncoder: encoder)
    return try evaluator.evaluate(set, usesText: !withoutText) { progress.follow($0, step: trained.state.step) }
  }

  private func show(_ report: RetrievalReport) throws {
    switch json {
    case "-": print(report.json, terminator: "")
    case let path?:
      try DurableFile.write([UInt8](report.json.utf8), to: path)
      print(report.table, terminator: "")
    case nil: print(report.table, terminator: "")
    }
  }

  /// A wrong command line is wrong on every rank: one of them says so.
  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      let code = exitCode(for: error)
      if code.isSuccess, !LaunchRank.speaks { Foundation.exit(code.rawValue) }  // help, which one prints
      if code.isSuccess || error is ArgumentParser.ExitCode { exit(withError: error) }
      LaunchRank.tell(fullMessage(for: error))
      Foundation.exit(code.rawValue)
    }
  }
}

extension DeviceChoice: ExpressibleByArgument {}
extension RunConfiguration.PrecisionChoice: ExpressibleByArgument {}
extension Pinning: ExpressibleByArgument {}
