import DataLoading
import SGMNModel
import TensorCore
import TextEncoding

/// The batches of a rank as its steps take them, in order.
///
/// Where kernels read host memory, a batch is put together by the thread that asks for it. A device's batch is staged by a
/// thread of its own, one ahead: while a step computes, the pictures of the next one travel.
final class BatchFeed {
  /// The batch of a step.
  struct Delivery: Sendable {
    let clipIDs: [String]
    /// Numbers of the samples in the set.
    let sampleNumbers: [Int]
    /// The damaged samples for which others stand in.
    let skipped: [SkippedSample]
    /// The batch as the model takes it, in equal parts.
    var parts: [@Sendable () -> PairBatch]
    /// The words of its pairs.
    let asrs: [String]
    let titles: [String]

    init(_ batch: LoadedBatch, parts: [@Sendable () -> PairBatch]) {
      (clipIDs, sampleNumbers, skipped) = (batch.clipIDs, batch.sampleNumbers, batch.skipped)
      (asrs, titles) = (batch.asrs, batch.titles)
      self.parts = parts
    }
  }

  private let loader: BatchLoader
  private let hasText: Bool
  private let tokenizer: TextTokenizer?
  private let partCount: Int
  private let textEncoding: BatchTextEncoding?
  private let staged: Prefetcher<Delivery>?

  /// - Parameters:
  ///   - text: whether the texts of the shards take part.
  ///   - textEncoding: encodes their words; nil takes their stored embeddings.
  ///   - tokenizer: what texts are read with where the model encodes them itself.
  ///   - partCount: parts of a batch.
  ///   - steps: those that will ask.
  init(
    _ loader: BatchLoader, text: Bool, textEncoding: BatchTextEncoding? = nil, tokenizer: TextTokenizer? = nil,
    partCount: Int, steps: Range<Int>, backend: any Backend
  ) {
    self.loader = loader
    self.textEncoding = textEncoding
    let text = text && textEncoding == nil
    (hasText, self.tokenizer, self.partCount) = (text, tokenizer, partCount)
    staged = backend.makePictureStaging().map { staging in
      Prefetcher(steps, capacity: 0, threadCount: 1) {
        { _, _ in
          guard let batch = try loader.nextUnlessStopped() else { throw Prefetcher<Delivery>.Stopped() }
          let parts = batch.parts(partCount).map {
            PairBatch(batch, pairs: $0, text: text, tokenizer: tokenizer, staging: staging)
          }
          return Delivery(batch, parts: parts.map { part in { part } })
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
    let (batch, hasText, tokenizer) = (try loader.next(), hasText, tokenizer)
    return Delivery(
      batch,
      parts: batch.parts(partCount).map { pairs in
        { PairBatch(batch, pairs: pairs, text: hasText, tokenizer: tokenizer) }
      })
  }

  /// Encodes the texts of a batch where the shards do not hold their features. By the thread of the steps, whose kernels the
  /// encoder's are. Throws what the encoder throws.
  func encodeTexts(of delivery: inout Delivery) throws {
    if let textEncoding { try delivery.encodeTexts(textEncoding) }
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

extension BatchFeed.Delivery {
  /// Gives every part the features of its texts; each alone, so that they do not depend on the parts beside it.
  fileprivate mutating func encodeTexts(_ encoding: BatchTextEncoding) throws {
    let length = asrs.count / parts.count
    parts = try parts.enumerated().map { number, part in
      let pairs = (number * length)..<((number + 1) * length)
      let texts = try encoding(asrs: Array(asrs[pairs]), titles: Array(titles[pairs]))
      return {
        var batch = part()
        (batch.asr, batch.title) = texts
        return batch
      }
    }
  }
}

extension LoadedBatch {
  /// Its pairs in so many equal parts, in their order.
  fileprivate func parts(_ count: Int) -> [Range<Int>] {
    precondition(pairCount % count == 0, "\(pairCount) pairs in \(count) equal parts")
    let length = pairCount / count
    return (0..<count).map { ($0 * length)..<(($0 + 1) * length) }
  }
}
