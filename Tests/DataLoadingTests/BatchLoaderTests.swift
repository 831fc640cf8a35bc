import DataLoading
import Faults
import Foundation
import ShardFormat
import Testing

@Suite struct BatchLoaderTests {
  let fixture: LoadingFixture
  let set: ShardSet

  init() throws {
    fixture = try LoadingFixture(count: 60)
    set = try ShardSet(folder: fixture.path)
  }

  private func batches(
    _ configuration: LoaderConfiguration, rank: Int = 0, rankCount: Int = 1, from first: Int = 0, count: Int
  ) throws -> [LoadedBatch] {
    let loader = try BatchLoader(
      set: set, configuration: configuration, rank: rank, rankCount: rankCount, firstStep: first)
    return try (0..<count).map { _ in try loader.next() }
  }

  /// Everything that a training step sees, in a form that can be compared.
  private func content(_ batches: [LoadedBatch]) -> [String] {
    batches.map {
      "\($0.step) \($0.epoch) \($0.places) \($0.sampleNumbers) \($0.clipIDs) \($0.frames) \($0.frameSlots) \($0.mask) "
        + "\($0.images) \($0.productKeys) \($0.liveKeys) \($0.titleEmbeddings) \($0.asrEmbeddings) \($0.titles) \($0.asrs)"
    }
  }

  @Test func aBatchHoldsWhatItsSamplesHold() throws {
    let configuration = LoaderConfiguration(pairsPerRank: 6, framesPerClip: 5, dropTailProbability: 0, seed: 2)
    for batch in try batches(configuration, count: 8) {
      #expect(batch.frames.count == batch.frameCount * 12)
      #expect(batch.mask.count == 30)
      var packed = 0
      for (pair, number) in batch.sampleNumbers.enumerated() {
        let sample = LoadingFixture.sample(number)
        #expect(batch.clipIDs[pair] == sample.clipID)
        #expect(batch.titles[pair] == sample.title && batch.asrs[pair] == sample.asr)
        #expect(batch.productKeys[pair] == sample.summary.productKey)
        #expect(batch.liveKeys[pair] == sample.summary.liveKey)
        #expect(Array(batch.images[(pair * 12)..<(pair * 12 + 12)]) == sample.image)
        #expect(Array(batch.titleEmbeddings[(2 * pair)..<(2 * pair + 2)]) == sample.titleEmbedding)
        let asr = sample.asrEmbedding.isEmpty ? [0, 0] : sample.asrEmbedding
        #expect(Array(batch.asrEmbeddings[(2 * pair)..<(2 * pair + 2)]) == asr)
        let frames = ClipSampling.evenFrames(of: sample.frameCount, limit: 5)
        #expect((0..<5).map { batch.mask[pair * 5 + $0] } == (0..<5).map { $0 < frames.count })
        for (slot, frame) in frames.enumerated() {
          #expect(batch.frameSlots[packed] == Int32(pair * 5 + slot))
          #expect(batch.frames[packed * 12] == LoadingFixture.value(number, frame))
          packed += 1
        }
      }
      #expect(packed == batch.frameCount)
    }
  }

  @Test func theAugmentationTakesTheTail() throws {
    let configuration = LoaderConfiguration(pairsPerRank: 8, framesPerClip: 12, dropTailProbability: 1, seed: 2)
    var shorter = 0
    for batch in try batches(configuration, count: 12) {
      for (pair, number) in batch.sampleNumbers.enumerated() {
        let kept = (0..<12).count { batch.mask[pair * 12 + $0] }
        let all = LoadingFixture.sample(number).frameCount
        #expect(
          kept
            == ClipSampling.keptFrameCount(
              of: all, probability: 1, seed: 2, epoch: batch.epoch, position: batch.places[pair]))
        if kept < all { shorter += 1 }
      }
    }
    #expect(shorter > 40)
  }

  @Test func threadsAndReadingAheadChangeNothing() throws {
    var configuration = LoaderConfiguration(pairsPerRank: 4, seed: 3)
    let reference = content(try batches(configuration, count: 25))
    for (threads, ahead) in [(1, 1), (3, 1), (2, 8), (5, 3)] {
      configuration.readerThreadCount = threads
      configuration.prefetchBatchCount = ahead
      #expect(content(try batches(configuration, count: 25)) == reference)
    }
  }

  @Test(arguments: [1, 7, 11, 12, 13, 30]) func aResumedRunGoesOnWhereItStopped(step: Int) throws {
    let configuration = LoaderConfiguration(pairsPerRank: 4, seed: 3)  // 12 steps an epoch
    let whole = content(try batches(configuration, count: step + 5))
    #expect(content(try batches(configuration, from: step, count: 5)) == Array(whole[step...]))
  }

  @Test func ranksShareTheStepsOfOne() throws {
    let together = try batches(LoaderConfiguration(pairsPerRank: 8, seed: 3), count: 10)
    let apart = try (0..<4).map {
      try batches(LoaderConfiguration(pairsPerRank: 2, seed: 3), rank: $0, rankCount: 4, count: 10)
    }
    for step in 0..<10 {
      #expect(together[step].frames == apart.flatMap { $0[step].frames })
      #expect(together[step].clipIDs == apart.flatMap { $0[step].clipIDs })
    }
  }

  @Test func aBadSampleStopsTheRunAtItsStep() throws {
    let configuration = LoaderConfiguration(pairsPerRank: 4, readerThreadCount: 2, seed: 3)
    let clean = try batches(configuration, count: 12)
    let bad = clean[5].sampleNumbers[1]
    try fixture.damage(bad)
    let loader = try BatchLoader(set: set, configuration: configuration)
    for step in 0..<5 { #expect(try loader.next().step == step) }
    for _ in 0..<2 {  // and again, if it is asked again
      let fault = try #require(throws: Fault.self) { _ = try loader.next() }
      #expect(fault.code == .badData)
      #expect(fault.place?.contains("sample \(bad), clip 'clip-\(bad)'") == true)
    }
  }

  @Test func aSkippedSampleIsReplacedTheSameWayInEveryRun() throws {
    var configuration = LoaderConfiguration(pairsPerRank: 4, onBadSample: .skip, badSampleBudget: 1, seed: 3)
    let clean = try batches(configuration, count: 24)
    let bad = clean[5].sampleNumbers[1]
    try fixture.damage(bad)
    var runs: [[String]] = []
    for threads in [1, 3] {
      configuration.readerThreadCount = threads
      var skipped: [SkippedSample] = []
      let loader = try BatchLoader(set: set, configuration: configuration, onSkip: { skipped.append($0) })
      let batches = try (0..<24).map { _ in try loader.next() }
      #expect(skipped.map(\.sampleNumber) == [bad])  // told once, though it comes in both epochs
      #expect(skipped.first?.fault.place?.contains("clip-\(bad)") == true)
      #expect(loader.skippedSampleCount == 1)
      #expect(!batches.flatMap(\.sampleNumbers).contains(bad))
      #expect(Set(batches[5].sampleNumbers).count == 4)
      #expect(content(Array(batches[..<5])) == content(Array(clean[..<5])))
      runs.append(content(batches))
    }
    #expect(runs[0] == runs[1])
  }

  @Test func theBudgetEnds() throws {
    for number in [0, 1, 2, 3] { try fixture.damage(number) }
    let configuration = LoaderConfiguration(pairsPerRank: 4, onBadSample: .skip, badSampleBudget: 3, seed: 3)
    var skipped = 0
    let loader = try BatchLoader(set: set, configuration: configuration, onSkip: { _ in skipped += 1 })
    let fault = try #require(throws: Fault.self) { for _ in 0..<24 { _ = try loader.next() } }
    #expect(fault.code == .badData)
    #expect(fault.what.hasPrefix("More than 3 damaged samples"))
    #expect(skipped == 3)
    #expect(throws: Fault.self) { _ = try loader.next() }
  }

  @Test func itStopsPromptlyAndCanBeLetGo() throws {
    let start = Date()
    for stops in [true, false] {
      for threads in 1...4 {
        let loader = try BatchLoader(
          set: set, configuration: LoaderConfiguration(prefetchBatchCount: 50, readerThreadCount: threads))
        _ = try loader.next()
        if stops {
          loader.stop()
          loader.stop()
        }
      }
    }
    #expect(Date().timeIntervalSince(start) < 20)
  }

  @Test func waitingIsMeasured() throws {
    let loader = try BatchLoader(set: set, configuration: LoaderConfiguration(pairsPerRank: 40))
    let batch = try loader.next()
    #expect(loader.waitSeconds > 0)
    #expect(batch.assemblySeconds > 0)
    Thread.sleep(forTimeInterval: 0.5)
    let before = loader.waitSeconds
    _ = try loader.next()
    #expect(loader.waitSeconds - before < 0.1)  // it was ready
  }
}
