import Collectives
import DataLoading
import Faults
import GradientAveraging
import NeuralNetworks
import Optimization
import Randomness
import SGMNModel
import Supervision
import TensorCore

/// One step of one rank: losses of its own batch, or of each part of it, gradients averaged over the ranks and parts, one
/// update.
struct TrainingStep {
  let configuration: RunConfiguration
  let model: SGMN
  let arena: ParameterArena
  let optimizer: AdamW
  let backend: any Backend
  let communicator: any Communicator
  let virtualRanks: VirtualRanks
  let exchange: GradientExchange
  /// What the rank is at, for its watchdog.
  let progress: RankProgress
  /// Looks at the numbers before they change a weight.
  let guards: StepGuard
  /// Where the time goes; nil costs nothing.
  var profile: StepProfile?

  struct Result {
    /// Averages over the ranks.
    var summary: StepSummary
    /// The L2 norm of the averaged gradient, before clipping.
    var gradientNorm: Double
    /// How the gradients travelled.
    var gradientSum: GradientSum
    /// The damaged samples of this rank's batch.
    var skipped: [SkippedSample]
  }

  func callAsFunction(_ feed: BatchFeed, step: Int, learningRate: Double) throws -> Result {
    let waitedBefore = feed.waitSeconds
    var delivery = try during(step, .data) { try feed.next() }
    progress.enter(StepPhase.forward.progress, step: step)
    try profile.during(.forward) { try feed.encodeTexts(of: &delivery) }
    let waitSeconds = feed.waitSeconds - waitedBefore
    progress.note(samples: delivery.clipIDs)
    let parts = zip(virtualRanks.ofRank(communicator.rank), delivery.parts).map { virtualRank, part in
      { pairs(part(), virtualRank: virtualRank, step: step) }
    }
    var result = try self(
      parts, clipIDs: delivery.clipIDs, sampleNumbers: delivery.sampleNumbers, step: step, learningRate: learningRate,
      waitSeconds: waitSeconds, skippedCount: delivery.skipped.count)
    result.skipped = delivery.skipped
    return result
  }

  /// A step on a batch wherever it is from, in as many parts as a rank has; all parts have as many pairs.
  func callAsFunction(
    _ parts: [() -> PairBatch], clipIDs: [String] = [], sampleNumbers: [Int] = [], step: Int, learningRate: Double,
    waitSeconds: Double = 0, skippedCount: Int = 0
  ) throws -> Result {
    let partLosses = try parts.enumerated().map { number, part in
      try gradients(of: part, isLast: number == parts.count - 1, step: step)
    }
    let (gradientSum, summary, ownLosses) = try during(step, .communication) {
      let gradientSum = try exchange.finish()
      // Read only now: a GPU has much left to do when its backward pass is queued, and who reads a loss waits for it.
      let values = partLosses.map { losses in losses.map { $0.value.item() } }
      let losses = guards.losses(zip(partLosses[0], TreeMean.of(values)).map { ($0.name, $1) })
      try backend.throwIfFailed()
      let own = StepSummary(
        losses: losses, waitSeconds: waitSeconds, communicationSeconds: gradientSum.times.exposedSeconds,
        skippedCount: skippedCount)
      return (gradientSum, try StepSummary.average(own, over: communicator), losses)
    }
    profile?.addJourneys(gradientSum.times)
    return try during(step, .optimizer) {
      let norm = gradientSum.norm / Double(virtualRanks.count)
      let batch = BadBatch(
        step: step + 1, rank: communicator.rank, losses: ownLosses, gradientNorm: norm, clipIDs: clipIDs,
        sampleNumbers: sampleNumbers)
      guard try guards.allowsUpdate(summary, batch) else {
        return Result(summary: summary, gradientNorm: norm, gradientSum: gradientSum, skipped: [])
      }
      let clipping =
        configuration.optimizer.clipNorm > 0
        ? GradientClipping.scale(norm: norm, limit: configuration.optimizer.clipNorm) : 1
      optimizer.update(rate: learningRate, gradientScale: clipping / Double(virtualRanks.count))
      return Result(summary: summary, gradientNorm: norm, gradientSum: gradientSum, skipped: [])
    }
  }

  /// The losses of a part of the batch, the total first. Their gradients are put aside, or behind the last part's backward
  /// pass go to the sums over the ranks; the division by their number is a factor of the update.
  private func gradients(
    of part: () -> PairBatch, isLast: Bool, step: Int
  ) throws -> [(name: String, value: Tensor)] {
    arena.emptyGradients()
    let output = try during(step, .forward) { try losses(of: part(), step: step) }
    guard let total = output.total else { throw Fault(.internalError, "The model has no loss") }
    // Of the values alone: what they were computed from shall not stay until all parts are done.
    let named = ([("total", total)] + output.losses).map { (name: $0.0, value: $0.1.detached()) }
    if isLast { exchange.begin() }
    try during(step, .backward) {
      output.backward(observer: isLast ? guards.observer(exchange) : nil)
      if !isLast { exchange.keep() }
    }
    return named
  }

  /// Of the part's own pairs, or of those of all ranks.
  private func losses(of pairs: PairBatch, step: Int) throws -> SGMN.Output {
    let compute = configuration.compute
    let encoded = model.encode(
      pairs,
      computation: Computation(encoderPartCount: compute.encoderParts, recomputesBlocks: compute.recompute),
      backend: backend)
    switch configuration.model.negatives {
    case .local: return model.losses(of: encoded, among: encoded.pairs)
    case .global:
      let all = try during(step, .communication) { try PairGathering(communicator)(encoded.pairs) }
      progress.enter(.forward, step: step)  // on the rank's own again: nobody is waited for
      return model.losses(of: encoded, among: all)
    }
  }

  /// Runs a part of a step, and says where the rank is: to its watchdog, and to the profile where there is one.
  private func during<Result>(_ step: Int, _ phase: StepPhase, _ body: () throws -> Result) throws -> Result {
    progress.enter(phase.progress, step: step)
    try phase.failpoint.hit()
    return try profile.during(phase, body)
  }

  private func pairs(_ part: PairBatch, virtualRank: Int, step: Int) -> PairBatch {
    var pairs = part
    if configuration.model.mining == .distance {
      pairs.uniform = uniforms(pairs.pairCount, virtualRank: virtualRank, step: step)
    }
    return pairs
  }

  /// Five losses, two directions, one number a row of the losses: of the part's own pairs, or of those of all ranks. A
  /// pure function of (seed, step, loss, direction, row in the global batch).
  private func uniforms(_ pairCount: Int, virtualRank: Int, step: Int) -> [Double] {
    let first = virtualRank * pairCount
    let isGlobal = configuration.model.negatives == .global
    let rows = isGlobal ? 0..<(virtualRanks.count * pairCount) : first..<(first + pairCount)
    return (0..<5).flatMap { loss in
      (0..<2).flatMap { direction in
        rows.map { row in
          var stream = RandomStream(seed: UInt64(configuration.seed), "mining", step, loss, direction, row)
          return stream.uniform()
        }
      }
    }
  }
}
