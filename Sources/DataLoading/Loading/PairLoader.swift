import Faults
import ShardFormat

/// Loads the pairs of batches: a pure function of set, configuration and place. One loader a thread.
final class PairLoader {
  private let set: ShardSet
  private let configuration: LoaderConfiguration
  private let schedule: BatchSchedule
  private let decoder = ShardDecoder()
  private var sampleCount = 0

  init(set: ShardSet, configuration: LoaderConfiguration, schedule: BatchSchedule) {
    self.set = set
    self.configuration = configuration
    self.schedule = schedule
  }

  /// Reads a pair and puts its pictures into the draft. Throws what reading throws.
  func load(pair: Int, of draft: BatchDraft) throws -> BatchDraft.Part {
    let place = draft.places.lowerBound + pair
    var skipped: [SkippedSample] = []
    var frameCount = 0
    let (number, summary, tokens) = try load(place, draft, &skipped) { summary in
      let kept = ClipSampling.keptFrameCount(
        of: summary.frameCount, probability: configuration.dropTailProbability, seed: configuration.seed,
        epoch: draft.epoch, position: place)
      let frames = ClipSampling.evenFrames(of: kept, limit: configuration.framesPerClip)
      frameCount = frames.count
      return ShardSet.PictureMemory(
        image: draft.pixels.picture(pair, 0),
        frames: frames.enumerated().map { ($1, draft.pixels.picture(pair, 1 + $0)) })
    }
    sampleCount += 1
    return BatchDraft.Part(
      number: number, summary: summary, tokens: tokens, frameCount: frameCount, skipped: skipped)
  }

  /// What this loader has done so far.
  var statistics: LoaderStatistics {
    var statistics = LoaderStatistics()
    let timings = decoder.timings
    statistics.sampleCount = sampleCount
    statistics.readSeconds = timings.readSeconds
    statistics.readByteCount = timings.storedByteCount
    statistics.decodeSeconds = timings.checkSeconds + timings.decodeSeconds
    statistics.decodedByteCount = timings.pictureByteCount
    return statistics
  }

  /// Loads the sample of a place to where `memory` wants it, or the stand-in of a damaged one.
  private func load(
    _ place: Int, _ draft: BatchDraft, _ skipped: inout [SkippedSample],
    into memory: (SampleSummary) -> ShardSet.PictureMemory
  ) throws -> (number: Int, summary: SampleSummary, tokens: SampleTokens?) {
    var candidate: Int? = schedule.order(ofEpoch: draft.epoch)[place]
    // A set in which so many random samples in a row are damaged is not worth going on with.
    for attempt in 0..<100 {
      if let number = candidate {
        do {
          let summary = try set.load(at: number, using: decoder, into: memory)
          let tokens =
            configuration.readsTokens ? try set.tokens(of: summary, at: number, using: decoder) : nil
          return (number, summary, tokens)
        } catch let fault as Fault {
          guard fault.code == .badData, configuration.onBadSample == .skip else { throw fault }
          skipped.append(SkippedSample(place: place, sampleNumber: number, fault: fault))
        }
      }
      candidate = schedule.standIn(forPlace: place, ofStep: draft.step, attempt: attempt)
    }
    throw skipped[skipped.count - 1].fault
  }
}
