import Faults
import ShardFormat

/// The batches of one rank, in order, from any step on: read, verified and assembled ahead of the training step.
///
/// The batches depend on the set, the configuration, the step and the rank; not on the threads that make them, and
/// not on where the run was resumed. With `onBadSample: skip`, a damaged sample is replaced by one at a random place
/// outside the step's global batch (`BatchSchedule.standIn`), equally in every run.
public final class BatchLoader {
  public let schedule: BatchSchedule
  private let configuration: LoaderConfiguration
  private let prefetcher: Prefetcher<LoadedBatch>
  private let onSkip: (SkippedSample) -> Void
  private var skippedSamples: Set<Int> = []
  private var overBudget: Fault?

  /// Begins to read at once.
  ///
  /// - Parameters:
  ///   - firstStep: the step of the run that `next()` gives first.
  ///   - onSkip: told once of every damaged sample, on the thread that calls `next()`.
  ///
  /// Throws `Fault(.configuration)` if a setting is wrong or the set has fewer pairs than one batch of all ranks.
  public init(
    set: ShardSet, configuration: LoaderConfiguration, rank: Int = 0, rankCount: Int = 1, firstStep: Int = 0,
    onSkip: @escaping (SkippedSample) -> Void = { _ in }
  ) throws {
    precondition(rank >= 0 && rank < rankCount, "rank \(rank) of \(rankCount)")
    precondition(firstStep >= 0, "step \(firstStep)")
    let schedule = try BatchSchedule(set, configuration: configuration, rankCount: rankCount)
    self.schedule = schedule
    self.configuration = configuration
    self.onSkip = onSkip
    prefetcher = Prefetcher(
      firstStep..<Int.max, capacity: configuration.prefetchBatchCount, threadCount: configuration.readerThreadCount
    ) {
      let assembler = BatchAssembler(set: set, configuration: configuration, schedule: schedule, rank: rank)
      return { step, isStopped in try assembler.batch(ofStep: step, isStopped: isStopped) }
    }
  }

  /// The batch of the next step. Throws at the step where reading failed: `Fault(.badData)` for damaged bytes, or for
  /// more damaged samples than the budget; and the same again if it is called again. Not to be called after `stop()`.
  public func next() throws -> LoadedBatch {
    if let overBudget { throw overBudget }
    guard let batch = try prefetcher.next() else { preconditionFailure("next() after stop()") }
    for skip in batch.skipped where skippedSamples.insert(skip.sampleNumber).inserted {
      guard skippedSamples.count <= configuration.badSampleBudget else {
        var fault = skip.fault
        fault.what = "More than \(configuration.badSampleBudget) damaged samples; the last: \(fault.what)"
        overBudget = fault
        throw fault
      }
      onSkip(skip)
    }
    return batch
  }

  /// Seconds that `next()` has waited for batches that were not ready; if it grows, reading is the bottleneck.
  public var waitSeconds: Double { prefetcher.waitSeconds }

  /// Different damaged samples that were replaced so far.
  public var skippedSampleCount: Int { skippedSamples.count }

  /// Ends the reader threads within one sample's time; releasing the loader does the same.
  public func stop() { prefetcher.stop() }
}
