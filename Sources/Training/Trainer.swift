import Checkpointing
import Collectives
import DataLoading
import Evaluation
import Failpoints
import Faults
import GradientAveraging
import NeuralNetworks
import Optimization
import RemoteStorage
import SGMNModel
import ShardFormat
import Supervision
import Telemetry
import TensorCore
import TextEncoding

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
  let virtualRanks: VirtualRanks
  /// Encodes the texts of batches; nil where the shards hold their features.
  let textEncoder: (any TextFeatureEncoder)?
  let plan: StepPlan
  /// Of rank 0 alone.
  let folder: RunFolder?
  /// The run's folder, on every rank.
  let path: String
  private(set) var recorder: StepRecorder?
  let guards: StepGuard
  let supervision: RunSupervision
  /// What texts are read with, where the model encodes them itself.
  var tokenizer: TextTokenizer?
  var state: RunState
  /// Of rank 0 alone.
  var saver: CheckpointSaver?
  /// A step after which the run stops with a checkpoint as if a signal had asked for it; for limits of time or steps.
  public var stopAfterStep: Int?
  /// The seconds that the process may live: the run stops with a checkpoint before they are over. Of rank 0 alone.
  public var timeLimit: Double?
  /// Of rank 0, while it runs with a limit.
  var timeBudget: TimeBudget?
  /// The step at which all ranks had the same weights, on every rank.
  private var comparedStep: Int?
  /// Seconds between two looks at how long the ranks wait for data.
  var waitingReportInterval = 60.0
  var waitingReporter: WaitingReporter?
  private(set) var profile: ProfileSession?
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
  init(
    _ configuration: RunConfiguration, folder path: String, resume: Resume, communicator: any Communicator,
    backend: any Backend, overlap: Overlap, transport: Transport, logger: Logger, supervision: RunSupervision
  ) throws {
    self.configuration = configuration
    self.supervision = supervision
    self.communicator = communicator
    self.backend = backend
    self.logger = logger
    self.path = path
    let prepared = try communicator.together {
      try Preparation(configuration, folder: path, communicator: communicator, logger: logger)
    }
    try RankComparison.compare(prepared.state, over: communicator)
    supervision.noteStorage(of: configuration)
    folder = prepared.folder
    shards = prepared.shards
    evaluationShards = prepared.evaluationShards
    loading = prepared.loading
    batches = prepared.batches
    virtualRanks = prepared.virtualRanks
    plan = prepared.plan
    model = try SGMN(configuration.model)
    let precision = try configuration.compute.precision.available(
      on: backend, communicator: communicator, logger: logger)
    arena = ParameterArena(
      model, seed: UInt64(configuration.seed), operandFormat: precision.operandFormat, backend: backend)
    optimizer = AdamW(arena, configuration: configuration.adamW) {
      configuration.optimizer.rateScale(of: $0)
    }
    let textEncoder = try communicator.together {
      try backend.throwIfFailed()
      return try configuration.openTextEncoder(backend: backend)
    }
    if let textEncoder { logger.info(textEncoder.summary) }
    self.textEncoder = textEncoder
    try RankComparison.compare(textEncoder: textEncoder?.name, over: communicator)
    exchange = try GradientExchange(
      gradients: arena.gradients, communicator: communicator, wire: configuration.compute.wire.wireFormat,
      overlap: overlap, transport: transport, order: prepared.virtualRanks.order
    ) { [arena] in arena.settleGradients(butNot: $0) }
    if let summary = exchange.route.summary { logger.info(summary) }
    guards = StepGuard(
      configuration.safety, arena: arena, communicator: communicator, logger: logger, folder: path,
      progress: supervision.progress)
    state = prepared.state
    (state.precision, state.device, state.threadCount) = (precision, backend.kind, backend.kernelThreadCount)
    if configuration.model.readsEmbeddings { state.textEncoder = textEncoder?.name ?? shards.configuration.textEncoder }
    try restore(resume)
    guards.skippedSteps = state.skippedSteps
    let step = state.step
    recorder = try communicator.together {
      try prepared.folder.map {
        try StepRecorder(
          $0, restoredStep: step, evaluationIsDue: state.evaluationIsDue, stepCount: prepared.plan.stepCount)
      }
    }
  }

  /// Has the run look at where its time goes; before `run()`, on every rank. The run's backend must be the request's.
  public func enableProfile(_ request: ProfileRequest, folder path: String) {
    precondition(backend === request.backend, "a profile of another backend")
    profile = ProfileSession(request, folder: path, communicator: communicator, logger: logger)
  }

  /// Trains. Returns `.done` at the end, `.stoppedWithCheckpoint` where a signal or the leader's orders ended it.
  func train() throws -> ExitCode {
    let loader = try communicator.together {
      try BatchLoader(
        set: shards, configuration: loading, schedule: batches, rank: communicator.rank,
        localRank: communicator.localRank, localRankCount: communicator.localRankCount, firstStep: state.step)
    }
    let feed = BatchFeed(
      loader, text: configuration.model.text,
      textEncoding: BatchTextEncoding(textEncoder, model: configuration.model), tokenizer: tokenizer,
      partCount: virtualRanks.perRank,
      steps: state.step..<max(state.step, plan.stepCount), backend: backend)
    defer { feed.stop() }
    defer { settleSaving() }
    waitingReporter = WaitingReporter(feed, shards.storage as? any NetworkMeasuring, interval: waitingReportInterval)
    logStart()
    beginTimeBudget()
    if state.evaluationIsDue {
      guard let isBest = try evaluateInTime() else {
        try checkTimeToEvaluate()
        return try stop()
      }
      progress.enter(.checkpoint, step: state.step)
      try save(isBest: isBest)
    }
    while let orders = try nextOrders() {
      guard orders.goesOn else { return try stop() }
      let started = monotonicSeconds()
      recorder?.begin()
      let result = try step(feed, step: state.step, learningRate: orders.learningRate)
      report(result.gradientSum)
      advance()
      state.skippedSteps = guards.skippedSteps
      if Failpoint.weightFlipped.isDue { arena.flipWeightBit() }
      if result.summary.skippedCount > 0 { try countReplaced(result.skipped) }
      try recorder?.record(result, state: state, learningRate: orders.learningRate, globalBatch: batches.pairsPerStep)
      try endProfileStep()
      try supervise(result)
      if orders.reportsWaiting { try reportWaiting() }
      if orders.comparesRanks { try compareRanks() }
      timeBudget?.addStep(seconds: monotonicSeconds() - started)
      progress.enter(.evaluation, step: state.step)
      guard let isBest = orders.evaluates ? try evaluateInTime() : false else { return try stop() }
      if isBest { try compareRanks() }
      progress.enter(.checkpoint, step: state.step)
      try checkSaving()
      if orders.saves || isBest { try save(isBest: isBest) }
      try Failpoint.stepEnd.hit()
    }
    progress.enter(.ending, step: state.step)
    try backend.throwIfFailed()
    try finishSaving()
    progress.enter(.ending, step: state.step)
    try recorder?.close()
    try profile?.report()
    try exchange.close()
    logger.info("done: \(state.step) steps")
    return .done
  }

  /// What all ranks do next; nil where all steps are done. Collective.
  private func nextOrders() throws -> StepOrders? {
    let isOver = state.step >= plan.stepCount
    if !isOver { try profile?.beginStep(state.step) }
    progress.enter(.orders, step: state.step)
    try Failpoint.stepOrders.hit()
    return try StepAgreement(
      step: state.step, isOver: isOver || Failpoint.loopLeft.isDue,
      isStopRequested: StopSignals.isRequested || state.step == stopAfterStep, orders: leaderOrders()
    ).agreedOrders(over: communicator)
  }

  /// Throws where the ranks' weights differ, unless they have been compared at this step. Collective.
  func compareRanks() throws {
    guard configuration.safety.compareRanksEvery > 0, comparedStep != state.step else { return }
    progress.enter(.comparison, step: state.step)
    try RankComparison.compare(arena, step: state.step, over: communicator)
    comparedStep = state.step
  }

  /// After the last step of a profile the ranks' traces are put together and written, for which no step is a measure.
  private func endProfileStep() throws {
    guard let profile else { return }
    progress.enter(.ending, step: state.step)
    try profile.endStep()
  }

  private var step: TrainingStep {
    TrainingStep(
      configuration: configuration, model: model, arena: arena, optimizer: optimizer, backend: backend,
      communicator: communicator, virtualRanks: virtualRanks, exchange: exchange, progress: progress, guards: guards,
      profile: profile?.steps)
  }

  /// What rank 0 wants of the step that `state.step` names.
  private func leaderOrders() -> StepOrders {
    StepOrders(
      goesOn: !isTimeSpent, learningRate: schedule.rate(atStep: state.step, of: plan.stepCount),
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
