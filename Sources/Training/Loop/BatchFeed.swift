import DataLoading
import SGMNModel
import TensorCore

/// The batches of a rank as its steps take them, in order.
///
/// Where kernels read host memory, a batch is put together by the thread that asks for it. A device's batch is staged by a
/// thread of its own, one ahead: while a step computes, the pictures of the next one travel.
final class BatchFeed {
  /// The batch of a step.
  struct Delivery: Sendable {
    let clipIDs: [String]
    /// The damaged samples for which others stand in.
    let skipped: [SkippedSample]
    /// The batch as the model takes it.
    let pairs: @Sendable () -> PairBatch
  }

  private let loader: BatchLoader
  private let hasText: Bool
  private let staged: Prefetcher<Delivery>?

  /// - Parameters:
  ///   - text: whether the text embeddings of the shards take part.
  ///   - steps: those that will ask.
  init(_ loader: BatchLoader, text: Bool, steps: Range<Int>, backend: any Backend) {
    self.loader = loader
    hasText = text
    staged = backend.makePictureStaging().map { staging in
      Prefetcher(steps, capacity: 0, threadCount: 1) {
        { _, _ in
          guard let batch = try loader.nextUnlessStopped() else { throw Prefetcher<Delivery>.Stopped() }
          let pairs = PairBatch(batch, text: text, staging: staging)
          return Delivery(clipIDs: batch.clipIDs, skipped: batch.skipped) { pairs }
        }
      }
    }
  }

  deinit { stop() }

  /// The batch of the next step. Throws what reading it threw.
  func next() throws -> Delivery {
    if let staged {
      guard let delivery = try staged.next() else { preconditionFailure("a batch beyond the last step") }
      return delivery
    }
    let (batch, hasText) = (try loader.next(), hasText)
    return Delivery(clipIDs: batch.clipIDs, skipped: batch.skipped) { PairBatch(batch, text: hasText) }
  }

  /// Seconds that `next()` has waited.
  var waitSeconds: Double { staged?.waitSeconds ?? loader.statistics.waitSeconds }

  /// What the threads that read have done so far, and how long `next()` waited.
  var statistics: LoaderStatistics {
    var statistics = loader.statistics
    statistics.waitSeconds = waitSeconds
    return statistics
  }

  var readerThreadCount: Int { loader.readerThreadCount }

  /// Ends the threads within one sample's time. Twice is fine.
  func stop() {
    loader.stop()  // first: the thread that stages may be waiting for it
    staged?.stop()
  }
}
