import ArgumentParser
import CUDAWorker
import Collectives
import CommandRunning
import Failpoints
import Faults
import Foundation
import GradientAveraging
import RankWorkers
import Telemetry
import TensorCore
import Training

extension Overlap: ExpressibleByArgument {}
extension Transport: ExpressibleByArgument {}
extension RunConfiguration.Precision: ExpressibleByArgument {}

/// `sgmn-train`: a run. Its subcommand `bench` is chosen in `Main`.
struct SGMNTrain: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sgmn-train",
    abstract: "Trains SGMN on shards, on as many MPI ranks as it is started with.",
    discussion: """
      mpirun -n 8 sgmn-train --shards DATA/train --out RUN

      The same command goes on from the newest checkpoint of RUN: after a kill, a stop signal, or the end. SIGUSR1 to
      mpirun, or SIGTERM, SIGINT or SIGUSR1 to a rank, ends the run after the step with a checkpoint and exit code 75.

      sgmn-train bench measures its speed on random data: sgmn-train bench --help. sgmn-train checkpoint lists, verifies,
      compares and exports checkpoints: sgmn-train checkpoint --help.

      Exit codes: 0 done, 64 usage, 65 bad data, 66 input missing, 69 no GPU, 73 run folder in use, 74 disk, 75 stopped with a
      checkpoint, 78 configuration, 80 loss not finite, 81 a rank hangs, 82 ranks differ.
      """)

  @Option(
    name: [.long, .customLong("train-data")],
    help: "The training shards: a folder, https://HOST/PATH or s3://BUCKET/PREFIX (data.train).")
  var shards: String?

  @Option(
    name: [.long, .customLong("val-data")],
    help: "The shards to evaluate on, likewise (evaluation.shards); without them there is no evaluation.")
  var evalShards: String?

  @Option(name: .shortAndLong, help: "Folder of the run: configuration, metrics, checkpoints.")
  var out: String

  @Option(name: .shortAndLong, help: "YAML configuration; docs/configuration.md lists the keys.")
  var config: String?

  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("Overrides one key of the configuration.", valueName: "key=value"))
  var settings: [String] = []

  @Option(
    help: ArgumentHelp(
      "What a damaged sample does (data.on_bad): fail ends the run, skip lets another stand in.", valueName: "policy"))
  var onBad: String?

  @Option(
    help: ArgumentHelp(
      "What computes: cpu, cuda (each rank a GPU), cuda:N (that GPU), or auto: GPUs where there are any.",
      valueName: "device"))
  var device = DeviceChoice.auto

  @Option(help: "Whether a GPU gets the small kernels of a step as CUDA graphs: on or off.")
  var cudaGraphs = Switch.off

  @Option(
    help: ArgumentHelp(
      "Operands of matrix products (compute.precision): float32, bf16, or auto: bf16 on GPUs.", valueName: "format"))
  var precision: String?

  @Flag(help: "Computes encoder blocks again in the backward pass instead of keeping them (compute.recompute).")
  var recompute = false

  @Option(
    help: ArgumentHelp(
      "Whose pairs the losses compare (model.negatives): local, a rank's own, or global, those of all ranks.",
      valueName: "whose"))
  var negatives: String?

  @Option(
    help: ArgumentHelp(
      "CLIP's weights that a new run begins with (initialization.visual): safetensors or PyTorch, names of OpenAI or Hugging "
        + "Face.", valueName: "file"))
  var initVisual: String?

  @Option(
    help: ArgumentHelp(
      "A checkpoint of the authors' SGMN that a new run begins with (initialization.release).", valueName: "file"))
  var initRelease: String?

  @Option(
    help: ArgumentHelp(
      "The folder of a BERT or Chinese-CLIP that the text encoder of a new run with model.trains_text begins with "
        + "(initialization.text).", valueName: "folder"))
  var initText: String?

  @Option(help: ArgumentHelp("auto (the newest checkpoint), never, or a checkpoint's folder.", valueName: "from"))
  var resume = "auto"

  @Option(
    help: ArgumentHelp(
      "Stop with a checkpoint and exit code 75 so early that the process ends within this time of its start, as 3h50m, 90m "
        + "or 5400 (seconds).", valueName: "time"))
  var maxTime: TimeSpan?

  @Option(
    help: ArgumentHelp(
      "Whether gradients travel while the backward pass goes on: on, off, or auto, which tries both in the first steps.",
      valueName: "mode"))
  var overlap = Overlap.auto

  @Option(
    help: ArgumentHelp(
      "How gradients travel between GPUs: nccl, mpi, or auto, which is NCCL where every rank has a GPU of its own.",
      valueName: "way"))
  var transport = Transport.auto

  @Option(
    help: ArgumentHelp(
      "Format in which gradients travel between ranks (compute.wire): float32 or bf16.", valueName: "format"))
  var wire: String?

  @Option(help: "Threads of a rank's kernels on CPUs; 0 shares the machine's cores among its ranks.")
  var threads = 0

  @Option(
    help: "auto keeps each of them on a core of its own where there is one for each; off leaves them to the system.")
  var pin = Pinning.auto

  @Option(help: ArgumentHelp("OpenBLAS kernels: auto, env or a core's name.", valueName: "core"))
  var blasCore = "auto"

  @Option(
    defaultAsFlag: "", parsing: .next,
    help: ArgumentHelp(
      "Print where the steps' time went, and write a trace of all ranks for chrome://tracing to this file "
        + "(profile/trace.json in the run's folder).", valueName: "file"))
  var profile: String?

  @Option(help: "With --profile: so many steps from the third on; 0 all to the end.")
  var profileSteps = 0

  @Flag(help: "Print the resolved configuration and end.")
  var printConfig = false

  func validate() throws {
    guard profileSteps >= 0 else { throw ValidationError("--profile-steps \(profileSteps) is negative") }
    guard threads >= 0 else { throw ValidationError("--threads \(threads) is negative") }
    // A variable of the shell that is not set: such a run would begin at random.
    for (option, file) in [("--init-visual", initVisual), ("--init-release", initRelease), ("--init-text", initText)]
    where file?.isEmpty == true {
      throw ValidationError("\(option) has an empty name: give a file, or leave it out")
    }
  }

  func run() throws {
    let override = BLASCore(blasCore).select()  // before any thread and any product
    let code = try CommandEnd.report {
      if printConfig {
        let text = try ConfigurationFile.text(of: resolvedConfiguration())
        if LaunchRank.speaks { print(text, terminator: "") }
        return .done
      }
      try StopSignals.install()
      let resolved = Result { try resolvedConfiguration() }
      let startLimit = StartLimit(seconds: startSeconds((try? resolved.get())?.safety))
      try Failpoint.runStart.hit()
      let communicator = try Ranks.start()
      var endSeconds: Double?
      return try CommandEnd.run(communicator, folder: out, endSeconds: { endSeconds }) { logger in
        if let override { logger.notice(override) }
        let configuration = try communicator.together { try resolved.get() }
        let hangSeconds = configuration.safety.hangSeconds
        if hangSeconds > 0 { endSeconds = 3 * hangSeconds }
        var backend = try RankWorker.make(
          device, threads: threads, pinning: pin, groupsSmallLaunches: cudaGraphs == .on, communicator: communicator,
          logger: logger)
        let request = profile.map { path in
          let profiling = ProfilingBackend(backend, profile: KernelProfile())
          backend = profiling
          var request = ProfileRequest(profiling) { print($0, terminator: "") }
          request.tracePath = path.isEmpty ? nil : path
          request.stepLimit = profileSteps > 0 ? profileSteps : nil
          return request
        }
        startLimit.end()  // from here on the ranks watch each other
        let trainer = try Trainer(
          configuration, folder: out, resume: resumption, communicator: communicator, backend: backend,
          overlap: overlap, transport: transport, logger: logger)
        trainer.timeLimit = maxTime.map { Double($0.seconds) }
        if let request { trainer.enableProfile(request, folder: out) }
        return try trainer.run()
      }
    }
    throw ArgumentParser.ExitCode(code.rawValue)
  }

  /// How long the ranks may take to come together, with their devices.
  private func startSeconds(_ safety: RunConfiguration.SafetyConfiguration?) -> Double {
    guard let safety else { return StartLimit.defaultSeconds }
    return safety.hangSeconds > 0 ? safety.longHangSeconds : .infinity
  }

  private func resolvedConfiguration() throws -> RunConfiguration {
    var all = settings
    if let shards { all.append("data.train=\(quoted(shards))") }
    if let evalShards { all.append("evaluation.shards=\(quoted(evalShards))") }
    if let wire { all.append("compute.wire=\(quoted(wire))") }
    if let onBad { all.append("data.on_bad=\(quoted(onBad))") }
    if let precision { all.append("compute.precision=\(quoted(precision))") }
    if recompute { all.append("compute.recompute=true") }
    if let negatives { all.append("model.negatives=\(quoted(negatives))") }
    if let initVisual { all.append("initialization.visual=\(quoted(initVisual))") }
    if let initRelease { all.append("initialization.release=\(quoted(initRelease))") }
    if let initText { all.append("initialization.text=\(quoted(initText))") }
    return try ConfigurationFile.load(path: config, settings: all)
  }

  /// A path as a YAML value, whatever characters it has.
  private func quoted(_ path: String) -> String { "'" + path.replacingOccurrences(of: "'", with: "''") + "'" }

  private var resumption: Trainer.Resume {
    switch resume {
    case "auto": .automatic
    case "never": .never
    default: .from(resume)
    }
  }
}

extension TimeSpan: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}
extension DeviceChoice: ExpressibleByArgument {}
extension Pinning: ExpressibleByArgument {}
