import Faults
import ShardFormat

/// A batch of which some samples are still being read.
final class BatchDraft: @unchecked Sendable {
  /// What a thread has found of one pair; its pictures are in `pixels`.
  struct Part: Sendable {
    var number: Int
    var summary: SampleSummary
    /// Where the batch has token features.
    var tokens: SampleTokens?
    /// Frames of the clip that are in the batch.
    var frameCount: Int
    /// The damaged samples that this one stands in for.
    var skipped: [SkippedSample]
  }

  let step: Int
  let epoch: Int
  let places: Range<Int>
  let pixels: BatchPixels
  // Under the pipeline's lock:
  var nextPair = 0
  private var parts: [Result<Part, any Error>?]
  private var doneCount = 0

  init(step: Int, epoch: Int, places: Range<Int>, pixels: BatchPixels) {
    (self.step, self.epoch, self.places, self.pixels) = (step, epoch, places, pixels)
    parts = Array(repeating: nil, count: places.count)
  }

  /// Keeps what came of a pair; whether it was the last one. Under the pipeline's lock.
  func keep(_ part: Result<Part, any Error>, ofPair pair: Int) -> Bool {
    parts[pair] = part
    doneCount += 1
    return doneCount == parts.count
  }

  /// The batch, when all pairs are there. Throws what the first pair that failed threw.
  func finished(framesPerClip: Int, configuration: ShardConfiguration) throws -> LoadedBatch {
    var batch = LoadedBatch(
      step: step, epoch: epoch, places: places, sampleNumbers: [], clipIDs: [], framesPerClip: framesPerClip,
      pixels: pixels, pixelEncoding: configuration.pixelEncoding, resolution: configuration.resolution,
      frameSlots: [], mask: [Bool](repeating: false, count: places.count * framesPerClip), productKeys: [],
      liveKeys: [], titleEmbeddings: [], asrEmbeddings: [], hasTitle: [], hasASR: [], titleTokens: [],
      asrTokens: [], tokenWidth: 0, titles: [], asrs: [], skipped: [])
    let textCount = places.count * configuration.textWidth
    batch.titleEmbeddings.reserveCapacity(textCount)
    batch.asrEmbeddings.reserveCapacity(textCount)
    let none = [Float](repeating: 0, count: configuration.textWidth)
    for (pair, result) in parts.enumerated() {
      guard let part = try result?.get() else { preconditionFailure("pair \(pair) of step \(step) was not read") }
      let summary = part.summary
      for place in 0..<part.frameCount {
        batch.frameSlots.append(Int32(pair * framesPerClip + place))
        batch.mask[pair * framesPerClip + place] = true
      }
      batch.sampleNumbers.append(part.number)
      batch.clipIDs.append(summary.clipID)
      batch.productKeys.append(summary.productKey)
      batch.liveKeys.append(summary.liveKey)
      batch.hasTitle.append(!summary.titleEmbedding.isEmpty)
      batch.hasASR.append(!summary.asrEmbedding.isEmpty)
      if let tokens = part.tokens {
        batch.tokenWidth = configuration.tokens?.width ?? 0
        batch.titleTokens.append(tokens.title)
        batch.asrTokens.append(tokens.asr)
      }
      batch.titles.append(summary.title)
      batch.asrs.append(summary.asr)
      batch.titleEmbeddings += summary.titleEmbedding.isEmpty ? none : summary.titleEmbedding
      batch.asrEmbeddings += summary.asrEmbedding.isEmpty ? none : summary.asrEmbedding
      batch.skipped += part.skipped
    }
    return batch
  }
}
