import ArgumentParser
import CUDAWorker
import Collectives
import CommandRunning
import Faults
import GradientAveraging
import RankWorkers
import TensorCore
import Training

/// `sgmn-train bench`: the speed of a step on random data in memory.
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sgmn-train bench",
    abstract: "Measures training, encoding or the visual encoder on random data in memory.",
    discussion: """
      mpirun -n 2 sgmn-train bench --pairs 4 --steps 6 --dtype bf16

      A step is all that a step of a run does but reading: forward, backward, the sum over the ranks, norm, clipping,
      AdamW. Rank 0 prints one line: pairs of all ranks a second and seconds of a step (median), operations of the visual
      encoder a second and rank, the peak memory of rank 0, seconds that a step waits for sums over the ranks (the mean
      of the ranks, and the least: the exchange itself). The flags are those of scripts/peers/bench_torch.py.
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable { case fp32, bf16 }
  enum Matcher: String, ExpressibleByArgument, CaseIterable { case patch, frame, off }

  @Option(help: "Pairs of a rank and step.") var pairs = 4
  @Option(help: "Steps that are timed.") var steps = 6
  @Option(help: "Steps before them.") var warmup = 1
  @Option(help: "Operands of products: fp32 or bf16; unless it is given, bf16 on GPUs and fp32 on CPUs.")
  var dtype: Format?
  @Option(help: "Threads of a rank's products on CPUs; 0 shares the machine's cores among its ranks.") var threads = 1
  @Option(help: "auto keeps every thread on a core of its own where there is one for each; off does not.")
  var pin = Pinning.auto
  @Option(
    help: ArgumentHelp(
      "What computes: cpu, cuda (each rank a GPU), cuda:N (that GPU), or auto: GPUs where there are any.",
      valueName: "device"))
  var device = DeviceChoice.auto

  @Option(help: "Whether a GPU gets the small kernels of a step as CUDA graphs: on or off.")
  var cudaGraphs = Switch.off
  @Option(help: "What the matcher compares: patch tokens, frames, or no matcher.") var smf = Matcher.patch
  @Option(help: "Layers of the visual encoder.") var layers = 12

  @Flag(help: "Keep the inputs of the encoder's blocks alone, and compute them again (compute.recompute).")
  var recompute = false
  @Option(help: "Parts in which pictures are encoded (compute.encoder_parts).") var encoderParts = 1
  @Option(help: "Whether gradients travel while the backward pass goes on: on, off, or auto, for --warmup 8 or more.")
  var overlap = Overlap.off
  @Option(help: "How gradients travel between GPUs: nccl, mpi, or auto, NCCL where every rank has a GPU of its own.")
  var transport = Transport.auto
  @Option(help: ArgumentHelp("Format in which gradients travel (compute.wire).", valueName: "format"))
  var wire = RunConfiguration.Precision.float32

  @Flag(help: "Instead: clips and images to embeddings, without gradients.") var encodeOnly = false
  @Flag(help: "Instead: the visual encoder forward and backward, beside its bare matrix products.") var encoder = false

  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("Overrides one key of the configuration.", valueName: "key=value"))
  var settings: [String] = []
  @Option(help: ArgumentHelp("OpenBLAS kernels: auto, env or a core's name.", valueName: "core"))
  var blasCore = "auto"
  @Option(
    defaultAsFlag: "trace.json", parsing: .next,
    help: ArgumentHelp("Print where the steps' time went, and write a trace of all ranks.", valueName: "file"))
  var profile: String?

  func validate() throws {
    guard (1...65_536).contains(pairs) else { throw ValidationError("--pairs is 1 … 65536.") }
    guard (1...1_000_000).contains(steps) else { throw ValidationError("--steps is 1 … 1000000.") }
    guard (0...1_000_000).contains(warmup) else { throw ValidationError("--warmup is 0 … 1000000.") }
    guard overlap != .auto || warmup >= 8 else {
      throw ValidationError("--overlap auto takes eight steps to choose: --warmup is 8 or more with it.")
    }
    guard threads >= 0 else { throw ValidationError("--threads \(threads) is negative") }
    guard !(encoder && encodeOnly) else { throw ValidationError("Give --encoder or --encode-only, not both.") }
    guard profile == nil || !(encoder || encodeOnly) else { throw ValidationError("--profile is for training steps.") }
  }

  func run() throws {
    let override = BLASCore(blasCore).select()  // before any thread and any product
    let code = try CommandEnd.report {
      let startLimit = StartLimit()
      let communicator = try Ranks.start()
      startLimit.end()
      return try CommandEnd.run(communicator, folder: nil) { logger in
        if let override { logger.notice(override) }
        var options = try communicator.together { try resolvedOptions() }
        let backend = try RankWorker.make(
          device, threads: threads, pinning: pin, groupsSmallLaunches: cudaGraphs == .on, communicator: communicator,
          logger: logger)
        options.precision = try options.configuration.compute.precision.available(
          on: backend, communicator: communicator, logger: logger)
        logger.info("\(communicator.rankCount) rank(s); \(backend.summary)")
        let line: String
        if encodeOnly {
          line = try EncodingBenchmark(options, backend: backend, communicator: communicator).run()
        } else if encoder {
          line = try EncoderBenchmark(options, backend: backend, communicator: communicator).run()
        } else if let profile {
          let profiling = ProfilingBackend(backend, profile: KernelProfile())
          var request = ProfileRequest(profiling) { print($0, terminator: "") }
          request.tracePath = profile
          line = try TrainingBenchmark(options, backend: profiling, communicator: communicator, logger: logger)
            .run(profile: request).line
        } else {
          line = try TrainingBenchmark(options, backend: backend, communicator: communicator, logger: logger).run().line
        }
        if communicator.isLeader { print(line) }
        return .done
      }
    }
    throw ArgumentParser.ExitCode(code.rawValue)
  }

  private var precision: RunConfiguration.PrecisionChoice {
    switch dtype {
    case .fp32: .float32
    case .bf16: .bf16
    case nil: .auto
    }
  }

  private func resolvedOptions() throws -> BenchmarkOptions {
    var all = [
      "model.layers=\(layers)", "model.smf=\(smf != .off)", "optimizer.learning_rate=1e-5",
      "compute.precision=\(precision.rawValue)", "compute.recompute=\(recompute)",
      "compute.encoder_parts=\(encoderParts)", "compute.wire=\(wire.rawValue)",
    ]
    if smf != .off { all.append("model.smf_tokens=\(smf.rawValue)") }
    var options = BenchmarkOptions(try ConfigurationFile.load(path: nil, settings: all + settings))
    (options.pairCount, options.stepCount, options.warmupStepCount) = (pairs, steps, warmup)
    options.overlap = overlap
    options.transport = transport
    try options.validate()
    return options
  }
}
