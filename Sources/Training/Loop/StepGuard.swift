import Collectives
import Failpoints
import Faults
import Foundation
import GradientAveraging
import NeuralNetworks
import Supervision
import Telemetry
import TensorCore

/// Looks at a step's losses and gradient before they change a weight. Every rank sees the same sums, so all decide alike.
final class StepGuard {
  private let safety: RunConfiguration.SafetyConfiguration
  private let arena: ParameterArena
  private let communicator: any Communicator
  private let logger: Logger
  /// Where batches are written; nil writes none.
  private let folder: String?
  /// What the rank is at, for its watchdog.
  private let progress: RankProgress
  /// Steps of the run that made no update.
  var skippedSteps = 0
  private var spikes: LossSpikes
  private var writtenSpikeCount = 0

  /// Spikes of one process whose batches are written: a run that jumps about shall not fill its folder.
  private static let writtenSpikeLimit = 20

  init(
    _ safety: RunConfiguration.SafetyConfiguration, arena: ParameterArena, communicator: any Communicator,
    logger: Logger, folder: String? = nil, progress: RankProgress
  ) {
    (self.safety, self.arena, self.communicator) = (safety, arena, communicator)
    (self.logger, self.folder, self.progress) = (logger, folder, progress)
    spikes = LossSpikes(limit: safety.spikeDeviations)
  }

  /// Whether the step may change the weights; `summary` has the losses averaged over the ranks, `own` this rank's.
  ///
  /// Throws the same `AgreedFault` on every rank where the numbers are not finite and no step may be skipped any more.
  func allowsUpdate(_ summary: StepSummary, _ own: BadBatch) throws -> Bool {
    guard own.gradientNorm.isFinite, summary.losses.allSatisfy(\.value.isFinite) else {
      try refuse(own)
      return false
    }
    lookForSpike(summary.losses[0].value, own)
    return true
  }

  private func refuse(_ own: BadBatch) throws {
    var own = own
    own.tensors = tensorsNotFinite()
    write(own)
    let found = NotFiniteStep(try communicator.allGather(own.encoded()).map(BadBatch.decoded))
    skippedSteps += 1
    guard safety.onNotFinite == .skip else { throw AgreedFault(fault: found.fault(), rank: found.ranks.first ?? 0) }
    guard skippedSteps <= safety.skipLimit else {
      throw AgreedFault(
        fault: found.fault(
          "\(skippedSteps - 1) steps have been skipped before it, and safety.skip_limit is \(safety.skipLimit)"),
        rank: found.ranks.first ?? 0)
    }
    guard communicator.isLeader else { return }
    logger.warning(
      "\(found.what) (\(found.place)). The step is skipped: no weight has changed "
        + "(\(skippedSteps) of at most \(safety.skipLimit))")
  }

  private func tensorsNotFinite() -> [String] {
    arena.gradients.withHostElements { gradients in
      arena.entries.filter { !gradients[$0.range].allSatisfy(\.isFinite) }.map(\.name).sorted()
    }
  }

  private func lookForSpike(_ loss: Double, _ own: BadBatch) {
    guard let z = spikes.deviation(of: loss) else { return }
    if communicator.isLeader {
      logger.warning(
        "the loss of step \(own.step) is \(text(loss)), \(text(z)) standard deviations above that of the steps before")
    }
    guard writtenSpikeCount < StepGuard.writtenSpikeLimit else { return }
    writtenSpikeCount += 1
    var own = own
    own.reason = .spike
    write(own)
  }

  private func text(_ value: Double) -> String { String(format: "%.4g", value) }

  /// A rank that cannot write says so and goes on: what it holds is in the message of all, too.
  private func write(_ batch: BadBatch) {
    guard let folder else { return }
    // Where a checkpoint is being written to the same disk, this may take as long as that.
    progress.enter(.checkpoint, step: batch.step - 1)
    defer { progress.enter(.update, step: batch.step - 1) }
    do {
      try batch.write(in: folder)
    } catch {
      logger.warning("\(batch.fileName) cannot be written: \(error)")
    }
  }
}

/// Numbers that a test makes wrong on one rank.
extension StepGuard {
  /// The losses of this rank as the failpoint `loss.not-finite` leaves them: the first part, and so the total, is NaN.
  func losses(_ own: [(name: String, value: Double)]) -> [(name: String, value: Double)] {
    guard Failpoint.lossNotFinite.isDue else { return own }
    return own.enumerated().map { $0 < 2 ? ($1.name, .nan) : $1 }
  }

  /// Who follows the backward pass: the exchange, or with the failpoint `gradient.not-finite` one that spoils the first
  /// gradient that is whole before the exchange may send it.
  func observer(_ exchange: GradientExchange) -> any BackwardObserver {
    Failpoint.gradientNotFinite.isDue ? GradientSpoiler(exchange) : exchange
  }
}

/// Makes one element of the first gradient that a backward pass completes NaN.
private final class GradientSpoiler: BackwardObserver {
  private let exchange: GradientExchange
  private var isDone = false

  init(_ exchange: GradientExchange) { self.exchange = exchange }

  func willReach(_ parameters: [Variable]) { exchange.willReach(parameters) }

  func isComplete(_ parameter: Variable) {
    if !isDone, let gradient = parameter.gradient {
      isDone = true
      gradient.slice(at: 0, shape: [1]).set([Float.nan])
    }
    exchange.isComplete(parameter)
  }
}
