import Checkpointing
import Collectives
import DataLoading
import Evaluation
import Faults
import GradientAveraging
import NeuralNetworks
import Optimization
import RemoteStorage
import SGMNModel
import ShardFormat
import Telemetry
import TensorCore

/// A run, from its first step or its last checkpoint to its end or a stop.
public final class Trainer {
  let configuration: RunConfiguration
  let communicator: any Communicator
  let backend: any Backend
  let logger: Logger
  let model: SGMN
  let arena: ParameterArena
  let optimizer: AdamW
  let exchange: GradientExchange
  let shards: ShardSet
  let evaluationShards: ShardSet?
  let loading: LoaderConfiguration
  let batches: BatchSchedule
  let plan: StepPlan
  /// Of rank 0 alone.
  let folder: RunFolder?
  private(set) var recorder: StepRecorder?
  var state: RunState
  /// The step of the folder's newest checkpoint that is known to be whole.
  var savedStep: Int?
  /// A step after which the run stops with a checkpoint as if a signal had asked for it; for limits of time or steps.
  public var stopAfterStep: Int?
  /// Seconds between two looks at how long the ranks wait for data.
  var waitingReportInterval = 60.0
  var waitingReporter: WaitingReporter?
  private var profile: ProfileSession?
  /// Whether the error of rounded gradients has been told.
  var hasToldWireError = false

  /// How a run begins.
  public enum Resume: Sendable, Equatable {
    /// From the newest whole checkpoint of the folder, or from the start where there is none.
    case automatic
    /// From the start; a folder with checkpoints is refused.
    case never
    /// From this checkpoint, which must be whole.
    case from(String)
  }

  /// Every rank calls it with the same arguments; where it throws on one, it throws on all.
  public init(
    _ configuration: RunConfiguration, folder path: String, resume: Resume = .automatic,
    communicator: any Communicator, backend: any Backend, overlap: Overlap = .auto, transport: Transport = .auto,
    logger: Logger
  ) throws {
    self.configuration = configuration
    self.communicator = communicator
    self.backend = backend
    self.logger = logger
    let prepared = try communicator.together {
      try Preparation(configuration, folder: path, communicator: communicator, logger: logger)
    }
    try RankComparison.compare(prepared.state, over: communicator)
    folder = prepared.folder
    shards = prepared.shards
    evaluationShards = prepared.evaluationShards
    loading = prepared.loading
    batches = prepared.batches
    plan = prepared.plan
    model = try SGMN(configuration.model)
    let precision = try configuration.compute.precision.available(
      on: backend, communicator: communicator, logger: logger)
    arena = ParameterArena(
      model, seed: UInt64(configuration.seed), operandFormat: precision.operandFormat, backend: backend)
    optimizer = AdamW(arena, configuration: configuration.adamW) {
      $0.hasPrefix("visual.") ? configuration.optimizer.backboneRateScale : 1
    }
    try communicator.together { try backend.throwIfFailed() }
    exchange = try GradientExchange(
      gradients: arena.gradients, communicator: communicator, wire: configuration.compute.wire.wireFormat,
      overlap: overlap, transport: transport
    ) { [arena] in arena.settleGradients(butNot: $0) }
    if let summary = exchange.route.summary { logger.info(summary) }
    state = prepared.state
    (state.precision, state.device) = (precision, backend.kind)
    try restore(resume)
    let step = state.step
    recorder = try communicator.together {
      try prepared.folder.map { try StepRecorder($0, restoredStep: step, stepCount: prepared.plan.stepCount) }
    }
  }

  /// Has the run look at where its time goes; before `run()`, on every rank. The run's backend must be the request's.
  public func enableProfile(_ request: ProfileRequest, folder path: String) {
    precondition(backend === request.backend, "a profile of another backend")
    profile = ProfileSession(request, folder: path, communicator: communicator, logger: logger)
  }

  /// Trains. Returns `.done` at the end, `.stoppedWithCheckpoint` where a signal or the leader's orders ended it.
  public func run() throws -> ExitCode {
    let loader = try communicator.together {
      try BatchLoader(
        set: shards, configuration: loading, schedule: batches, rank: communicator.rank,
        localRank: communicator.localRank, localRankCount: communicator.localRankCount, firstStep: state.step)
    }
    let feed = BatchFeed(
      loader, text: configuration.model.text, steps: state.step..<max(state.step, plan.stepCount), backend: backend)
    defer { feed.stop() }
    waitingReporter = WaitingReporter(feed, shards.storage as? any NetworkMeasuring, interval: waitingReportInterval)
    var stopRequested = StopSignals.isRequested && communicator.rankCount == 1
    logStart()
    while state.step < plan.stepCount {
      try profile?.beginStep(state.step)
      let orders = try StepOrders.agreed(leaderOrders(stopRequested), over: communicator)
      guard orders.goesOn else {
        try profile?.report()
        return try stop()
      }
      recorder?.begin()
      let result = try step(feed, step: state.step, learningRate: orders.learningRate)
      report(result.gradientSum)
      advance()
      if result.summary.skippedCount > 0 { try countReplaced(result.skipped) }
      try recorder?.record(result, state: state, learningRate: orders.learningRate, globalBatch: batches.pairsPerStep)
      try profile?.endStep()
      if orders.reportsWaiting { try reportWaiting() }
      if orders.comparesRanks { try RankComparison.compare(arena, step: state.step, over: communicator) }
      let isBest = orders.evaluates ? try evaluate() : false
      if orders.saves || isBest { try save(isBest: isBest) }
      stopRequested = result.summary.isStopRequested || state.step == stopAfterStep
    }
    try backend.throwIfFailed()
    try recorder?.close()
    try profile?.report()
    try exchange.close()
    logger.info("done: \(state.step) steps")
    return .done
  }

  private var step: TrainingStep {
    TrainingStep(
      configuration: configuration, model: model, arena: arena, optimizer: optimizer, backend: backend,
      communicator: communicator, exchange: exchange, profile: profile?.steps)
  }

  /// What rank 0 wants of the step that `state.step` names.
  private func leaderOrders(_ stopRequested: Bool) -> StepOrders {
    StepOrders(
      goesOn: !stopRequested, learningRate: schedule.rate(atStep: state.step, of: plan.stepCount),
      saves: plan.saves(after: state.step), evaluates: plan.evaluates(after: state.step),
      comparesRanks: plan.comparesRanks(after: state.step), reportsWaiting: waitingReporter?.isDue ?? false)
  }

  private var schedule: LearningRateSchedule {
    var schedule = LearningRateSchedule()
    schedule.base = configuration.optimizer.learningRate
    schedule.warmupShare = configuration.schedule.warmupShare
    return schedule
  }

  private func advance() {
    state.step += 1
    state.epoch = state.step / batches.stepsPerEpoch
    state.positionInEpoch = state.step % batches.stepsPerEpoch * batches.pairsPerStep
  }

  private func logStart() {
    let parameters = Format.grouped(arena.parameterCount)
    logger.info(
      "\(parameters) parameters, \(Format.grouped(state.pairCount)) pairs, \(plan.stepCount) steps of "
        + "\(batches.pairsPerStep) pairs on \(communicator.rankCount) rank(s); \(backend.summary)")
    if state.step > 0 { logger.notice("resumed at step \(state.step)") }
  }
}
