import Collectives
import GradientAveraging
import NeuralNetworks
import Optimization
import SGMNModel
import Supervision
import Telemetry
import TensorCore

/// The speed of training on random data in memory: all that a step of a run does but reading.
public struct TrainingBenchmark {
  let options: BenchmarkOptions
  let backend: any Backend
  let communicator: any Communicator
  let logger: Logger

  /// What every step took on this rank, and what came out.
  public struct Result: Sendable {
    /// Of the steps that are timed.
    public var stepSeconds: [Double]
    /// Seconds that a step waited for sums over the ranks, the mean and the least of the ranks; what the least waits is
    /// the exchange itself, the rest is waiting for ranks that are not there yet.
    public var communicationSeconds: [Double]
    public var leastCommunicationSeconds: [Double]
    /// The mean over the ranks, after the last step.
    public var loss: Double
    /// The line of `sgmn-train bench`.
    public var line: String
  }

  public init(
    _ options: BenchmarkOptions, backend: any Backend, communicator: any Communicator, logger: Logger
  ) {
    (self.options, self.backend) = (options, backend)
    (self.communicator, self.logger) = (communicator, logger)
  }

  /// Collective; with a profile its table is shown, and its trace written, after the last step.
  public func run(profile request: ProfileRequest? = nil) throws -> Result {
    let configuration = options.configuration
    let virtualRanks = try communicator.together { try options.virtualRanks(rankCount: communicator.rankCount) }
    let model = try SGMN(configuration.model)
    let arena = ParameterArena(
      model, seed: UInt64(configuration.seed), operandFormat: options.precision.operandFormat,
      backend: backend)
    let optimizer = AdamW(arena, configuration: configuration.adamW)
    let session = request.map { request in
      var request = request
      request.skippedStepCount = options.warmupStepCount
      return ProfileSession(request, folder: ".", communicator: communicator, logger: logger)
    }
    let profile =
      session?.steps ?? StepProfile(KernelProfile(), of: backend, skippedStepCount: options.warmupStepCount)
    let exchange = try GradientExchange(
      gradients: arena.gradients, communicator: communicator, wire: configuration.compute.wire.wireFormat,
      overlap: options.overlap, transport: options.transport, order: virtualRanks.order
    ) { arena.settleGradients(butNot: $0) }
    if let summary = exchange.route.summary { logger.info(summary) }
    let progress = RankProgress()
    let step = TrainingStep(
      configuration: configuration, model: model, arena: arena, optimizer: optimizer, backend: backend,
      communicator: communicator, virtualRanks: virtualRanks, exchange: exchange, progress: progress,
      guards: StepGuard(
        configuration.safety, arena: arena, communicator: communicator, logger: logger, progress: progress),
      profile: profile)
    let parts = virtualRanks.ofRank(communicator.rank).map {
      PairBatch.random(
        options.pairCount / virtualRanks.perRank, configuration.model, rank: $0, of: virtualRanks.count)
    }
    let stepCount = options.warmupStepCount + options.stepCount
    let feed = BenchmarkFeed(
      parts, resolution: configuration.model.resolution, stepCount: stepCount, backend: backend)
    try communicator.together { try backend.throwIfFailed() }
    var (seconds, waits) = ([Double](), [Double]())
    var loss = Double.nan
    for number in 0..<stepCount {
      try communicator.barrier()
      if let session { try session.beginStep(number) } else { profile.beginStep(number) }
      let waited = profile.phaseNanoseconds[.communication] ?? 0
      let start = monotonicSeconds()
      let parts = try feed.next().map { part in { part } }
      let result = try step(parts, step: number, learningRate: configuration.optimizer.learningRate)
      backend.synchronize()
      let elapsed = monotonicSeconds() - start
      if let session { try session.endStep() } else { profile.endStep() }
      loss = result.summary.losses[0].value
      guard number >= options.warmupStepCount else { continue }
      seconds.append(elapsed)
      waits.append(Double((profile.phaseNanoseconds[.communication] ?? 0) - waited) * 1e-9)
    }
    try backend.throwIfFailed()
    try session?.report()
    try exchange.close()
    return try result(
      seconds, waits, loss: loss, backward: Double(profile.phaseNanoseconds[.backward] ?? 0) * 1e-9,
      parameterCount: arena.parameterCount)
  }

  private func result(
    _ seconds: [Double], _ waits: [Double], loss: Double, backward: Double, parameterCount: Int
  ) throws -> Result {
    var sums = waits
    try sums.withUnsafeMutableBufferPointer { try communicator.allReduceSum($0) }
    let means = sums.map { $0 / Double(communicator.rankCount) }
    let least = try waits.map { Double(try communicator.allReduceMin(Int($0 * 1e9))) * 1e-9 }
    let step = BenchmarkLine.median(seconds)
    let model = options.configuration.model
    let work = EncoderWork(model, pictureCount: options.pairCount * (model.frames + 1))
    var line = BenchmarkLine()
    line.add("pairs_per_s", Double(options.pairCount * communicator.rankCount) / step, digits: 4)
    line.add("step_s", step, digits: 4)
    line.add("encoder_gflops_per_process", Double(work.trainingOperationCount) / step / 1e9, digits: 1)
    line.add("peak_gib", BenchmarkLine.peakGibibytes, digits: 2)
    line.add("world", communicator.rankCount)
    line.add("pairs", options.pairCount)
    line.add("dtype", options.formatName)
    line.add("smf", options.matcherName)
    line.add("loss", loss, digits: 4)
    line.add("communication_s", BenchmarkLine.median(means), digits: 4)
    line.add("exchange_s", BenchmarkLine.median(least), digits: 4)
    line.add("backward_s", backward / Double(max(1, seconds.count)), digits: 4)
    line.add("parameters", parameterCount)
    line.addTensorMemory(of: backend)
    let hit = try FailpointCost.nanosecondsPerHit()
    line.add("failpoint_ns", hit, digits: 1)
    line.add("failpoint_share", FailpointCost.hitsPerStep * hit * 1e-9 / step, digits: 9)
    return Result(
      stepSeconds: seconds, communicationSeconds: means, leastCommunicationSeconds: least, loss: loss, line: line.text)
  }
}
