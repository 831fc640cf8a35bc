import Collectives
import DataLoading
import Faults
import GradientAveraging
import NeuralNetworks
import Optimization
import Randomness
import SGMNModel
import TensorCore

/// One step of one rank: losses of its own batch, gradients averaged over the ranks, one update.
struct TrainingStep {
  let configuration: RunConfiguration
  let model: SGMN
  let arena: ParameterArena
  let optimizer: AdamW
  let backend: any Backend
  let communicator: any Communicator
  let exchange: GradientExchange
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
    let delivery = try profile.during(.data) { try feed.next() }
    let waitSeconds = feed.waitSeconds - waitedBefore
    let batch = profile.during(.forward) { pairs(of: delivery, step: step) }
    var result = try self(
      batch, clipIDs: delivery.clipIDs, step: step, learningRate: learningRate, waitSeconds: waitSeconds,
      skippedCount: delivery.skipped.count)
    result.skipped = delivery.skipped
    return result
  }

  /// A step on a batch wherever it is from; every rank has one of as many pairs.
  func callAsFunction(
    _ batch: PairBatch, clipIDs: [String] = [], step: Int, learningRate: Double, waitSeconds: Double = 0,
    skippedCount: Int = 0
  ) throws -> Result {
    arena.emptyGradients()
    let output = try profile.during(.forward) { try losses(of: batch) }
    guard let total = output.total else { throw Fault(.internalError, "The model has no loss") }
    let named = [("total", total)] + output.losses
    let isStopRequested = StopSignals.isRequested
    // Sums over the ranks; the division by their number is a factor of the update.
    exchange.begin()
    profile.during(.backward) { output.backward(observer: exchange) }
    let (gradientSum, summary, ownIsFinite) = try profile.during(.communication) {
      let gradientSum = try exchange.finish()
      // Read only now: a GPU has much left to do when its backward pass is queued, and who reads a loss waits for it.
      let losses = named.map { ($0.0, $0.1.item()) }
      try backend.throwIfFailed()
      let own = StepSummary(
        losses: losses, isStopRequested: isStopRequested, waitSeconds: waitSeconds,
        communicationSeconds: gradientSum.times.exposedSeconds, skippedCount: skippedCount)
      return (
        gradientSum, try StepSummary.average(own, over: communicator), own.losses.allSatisfy(\.value.isFinite)
      )
    }
    profile?.addJourneys(gradientSum.times)
    return try profile.during(.optimizer) {
      let norm = gradientSum.norm / Double(communicator.rankCount)
      try check(norm, summary, ownIsFinite: ownIsFinite, clipIDs: clipIDs, step: step)
      let clipping =
        configuration.optimizer.clipNorm > 0
        ? GradientClipping.scale(norm: norm, limit: configuration.optimizer.clipNorm) : 1
      optimizer.update(rate: learningRate, gradientScale: clipping / Double(communicator.rankCount))
      return Result(summary: summary, gradientNorm: norm, gradientSum: gradientSum, skipped: [])
    }
  }

  /// Of the rank's own pairs, or of those of all ranks.
  private func losses(of pairs: PairBatch) throws -> SGMN.Output {
    let compute = configuration.compute
    let encoded = model.encode(
      pairs,
      computation: Computation(encoderPartCount: compute.encoderParts, recomputesBlocks: compute.recompute),
      backend: backend)
    switch configuration.model.negatives {
    case .local: return model.losses(of: encoded, among: encoded.pairs)
    case .global:
      return model.losses(
        of: encoded, among: try profile.during(.communication) { try PairGathering(communicator)(encoded.pairs) })
    }
  }

  /// Every rank sees the same sums, so all end together, and one tells: a rank whose own loss it is, if there is one.
  private func check(
    _ norm: Double, _ summary: StepSummary, ownIsFinite: Bool, clipIDs: [String], step: Int
  ) throws {
    if norm.isFinite, summary.losses.allSatisfy(\.value.isFinite) { return }
    let remedy = "Lower optimizer.learning_rate, or look at the samples with sgmn-shard show"
    try communicator.together {
      guard ownIsFinite else {
        throw Fault(
          .notFinite, "The loss of step \(step + 1) is not finite",
          at: "clips \(clipIDs.prefix(8).joined(separator: ", "))", remedy: remedy)
      }
    }
    throw AgreedFault(
      fault: Fault(.notFinite, "The gradient of step \(step + 1) is not finite", remedy: remedy), rank: 0)
  }

  private func pairs(of delivery: BatchFeed.Delivery, step: Int) -> PairBatch {
    var pairs = delivery.pairs()
    if configuration.model.mining == .distance { pairs.uniform = uniforms(pairs.pairCount, step: step) }
    return pairs
  }

  /// Five losses, two directions, one number a row of the losses: of the rank's own pairs, or of those of all ranks. A
  /// pure function of (seed, step, loss, direction, row in the global batch).
  private func uniforms(_ pairCount: Int, step: Int) -> [Double] {
    let first = communicator.rank * pairCount
    let isGlobal = configuration.model.negatives == .global
    let rows = isGlobal ? 0..<(communicator.rankCount * pairCount) : first..<(first + pairCount)
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
