import Faults
import ShardFormat

/// The batches of one rank, in order, from any step on: read, verified and assembled ahead of the training step.
///
/// The batches depend on the set, the configuration, the step and the rank; not on the threads that make them, and
/// not on where the run was resumed. With `onBadSample: skip`, a damaged sample is replaced by another of the epoch
/// (`BatchSchedule.standIn`), equally in every run; the batch says so.
// @unchecked: `next()` is one thread's, `stop()` and what it joins another's; what they share is under locks.
public final class BatchLoader: @unchecked Sendable {
  public let schedule: BatchSchedule
  /// Batches that are made or being made besides the one that the caller has: `prefetchBatchCount` and the one that is
  /// asked for next, or fewer where the memory does not allow it.
  public let batchesAhead: Int
  public let readerThreadCount: Int
  private let pipeline: BatchPipeline
  private let threads: ReaderThreads
  private let readAhead: ReadAhead?

  /// Begins to read at once.
  ///
  /// - Parameters:
  ///   - firstStep: the step of the run that `next()` gives first.
  ///   - localRank, localRankCount: the ranks that share this machine's memory share what is read ahead.
  ///
  /// Throws `Fault(.configuration)` if a setting is wrong, the set has fewer pairs than one batch of all ranks, or
  /// two batches do not fit into the memory.
  public convenience init(
    set: ShardSet, configuration: LoaderConfiguration, rank: Int = 0, rankCount: Int = 1, localRank: Int = 0,
    localRankCount: Int = 1, firstStep: Int = 0
  ) throws {
    try self.init(
      set: set, configuration: configuration,
      schedule: BatchSchedule(set, configuration: configuration, rankCount: rankCount), rank: rank,
      localRank: localRank, localRankCount: localRankCount, firstStep: firstStep)
  }

  /// The same with a schedule that is known already.
  public init(
    set: ShardSet, configuration: LoaderConfiguration, schedule: BatchSchedule, rank: Int, localRank: Int = 0,
    localRankCount: Int = 1, firstStep: Int = 0
  ) throws {
    precondition(rank >= 0 && rank < schedule.rankCount, "rank \(rank) of \(schedule.rankCount)")
    precondition(localRank >= 0 && localRank < localRankCount, "rank \(localRank) of \(localRankCount) on a machine")
    precondition(firstStep >= 0, "step \(firstStep)")
    self.schedule = schedule
    let memory = try LoaderMemory(set, configuration)
    batchesAhead = memory.batchesAhead
    readerThreadCount = configuration.readerThreadCount
    let pool = BatchPixelPool(
      pairCount: configuration.pairsPerRank, frameCount: memory.frameCount,
      pictureByteCount: set.configuration.pictureByteCount)
    let pipeline = BatchPipeline(
      set: set, configuration: configuration, schedule: schedule, rank: rank, firstStep: firstStep, pool: pool,
      capacity: memory.batchesAhead)
    self.pipeline = pipeline
    // The body holds the pipeline and not the loader, so that releasing the loader can end the threads.
    threads = ReaderThreads(count: configuration.readerThreadCount) { pipeline.run() }
    readAhead = ReadAhead(
      set: set, schedule: schedule, byteLimit: configuration.readAheadByteCount,
      tokens: configuration.readsTokens, localRank: localRank, localRankCount: localRankCount, firstStep: firstStep)
  }

  deinit { stop() }

  /// The batch of the next step. Throws `Fault(.badData)` at the step where reading failed, and the same again if it is
  /// called again. Not to be called after `stop()`.
  public func next() throws -> LoadedBatch {
    guard let batch = try nextUnlessStopped() else { preconditionFailure("next() after stop()") }
    return batch
  }

  /// The same on a thread that another may stop meanwhile: nil after `stop()`.
  public func nextUnlessStopped() throws -> LoadedBatch? {
    guard let batch = try pipeline.next() else { return nil }
    readAhead?.reach(step: batch.step)
    return batch
  }

  /// What the threads have done so far, and how long `next()` waited.
  public var statistics: LoaderStatistics { pipeline.currentStatistics }

  /// Ends the reader threads within one sample's time; releasing the loader does the same.
  public func stop() {
    readAhead?.stop()
    pipeline.stop()
    threads.join()
  }
}
