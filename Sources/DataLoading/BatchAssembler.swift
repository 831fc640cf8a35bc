import Faults
import ShardFormat

/// Makes the batch of a step: a pure function of set, configuration, step and rank. One assembler a thread.
struct BatchAssembler {
  let set: ShardSet
  let configuration: LoaderConfiguration
  let schedule: BatchSchedule
  let rank: Int
  private let decoder = ShardDecoder()

  init(set: ShardSet, configuration: LoaderConfiguration, schedule: BatchSchedule, rank: Int) {
    self.set = set
    self.configuration = configuration
    self.schedule = schedule
    self.rank = rank
  }

  /// Throws what reading throws, or `Prefetcher.Stopped` soon after `isStopped` is true.
  func batch(ofStep step: Int, isStopped: () -> Bool) throws -> LoadedBatch {
    let start = monotonicSeconds()
    var batch = emptyBatch(ofStep: step)
    let order = schedule.order(ofEpoch: batch.epoch)
    for (pair, place) in schedule.places(ofStep: step, rank: rank).enumerated() {
      if isStopped() { throw Prefetcher<LoadedBatch>.Stopped() }
      let (number, summary) = try load(place, step, order, &batch.skipped)
      append(summary, pair: pair, place: place, number: number, to: &batch)
    }
    batch.assemblySeconds = monotonicSeconds() - start
    return batch
  }

  /// Loads the sample of a place into the decoder, or the stand-in of a damaged one.
  private func load(
    _ place: Int, _ step: Int, _ order: SampleOrder, _ skipped: inout [SkippedSample]
  ) throws -> (number: Int, summary: SampleSummary) {
    var current = place
    // A set in which so many random samples in a row are damaged is not worth going on with.
    for attempt in 0..<100 {
      let number = schedule.sample(at: current, of: order)
      do { return (number, try set.load(at: number, using: decoder)) } catch let fault as Fault {
        guard fault.code == .badData, configuration.onBadSample == .skip else { throw fault }
        skipped.append(SkippedSample(place: place, sampleNumber: number, fault: fault))
        current = schedule.standIn(forPlace: place, ofStep: step, attempt: attempt)
      }
    }
    throw skipped[skipped.count - 1].fault
  }

  private func append(_ summary: SampleSummary, pair: Int, place: Int, number: Int, to batch: inout LoadedBatch) {
    let limit = configuration.framesPerClip
    let kept = ClipSampling.keptFrameCount(
      of: summary.frameCount, probability: configuration.dropTailProbability, seed: configuration.seed,
      epoch: batch.epoch, position: place)
    let (encoding, resolution) = (set.configuration.pixelEncoding, set.configuration.resolution)
    let picture = set.configuration.pictureByteCount
    for (slot, frame) in ClipSampling.evenFrames(of: kept, limit: limit).enumerated() {
      let stored = UnsafeRawBufferPointer(rebasing: decoder.frames[(frame * picture)..<((frame + 1) * picture)])
      batch.frames += encoding.rgb(from: stored, resolution: resolution)
      batch.frameSlots.append(Int32(pair * limit + slot))
      batch.mask[pair * limit + slot] = true
    }
    batch.images += encoding.rgb(from: decoder.image, resolution: resolution)
    batch.places.append(place)
    batch.sampleNumbers.append(number)
    batch.clipIDs.append(summary.clipID)
    batch.productKeys.append(summary.productKey)
    batch.liveKeys.append(summary.liveKey)
    batch.titles.append(summary.title)
    batch.asrs.append(summary.asr)
    let none = [Float](repeating: 0, count: set.configuration.textWidth)
    batch.titleEmbeddings += summary.titleEmbedding.isEmpty ? none : summary.titleEmbedding
    batch.asrEmbeddings += summary.asrEmbedding.isEmpty ? none : summary.asrEmbedding
  }

  private func emptyBatch(ofStep step: Int) -> LoadedBatch {
    var batch = LoadedBatch(
      step: step, epoch: schedule.epoch(ofStep: step), places: [], sampleNumbers: [], clipIDs: [], frames: [],
      frameSlots: [], mask: [Bool](repeating: false, count: configuration.pairsPerRank * configuration.framesPerClip),
      images: [], productKeys: [], liveKeys: [], titleEmbeddings: [], asrEmbeddings: [], titles: [], asrs: [],
      skipped: [], assemblySeconds: 0)
    let picture = set.configuration.rgbByteCount
    batch.images.reserveCapacity(configuration.pairsPerRank * picture)
    let frames = min(configuration.framesPerClip, set.configuration.maximumFrameCount)
    batch.frames.reserveCapacity(configuration.pairsPerRank * frames * picture)
    return batch
  }
}
