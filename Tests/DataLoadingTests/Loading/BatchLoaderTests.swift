import Faults
import Foundation
import ShardFormat
import Testing

@testable import DataLoading

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

  /// Everything that a training step sees, in a form that can be compared and that holds no memory of the loader.
  private func content(_ batches: [LoadedBatch]) -> [String] {
    batches.map {
      "\($0.step) \($0.epoch) \($0.places) \($0.sampleNumbers) \($0.clipIDs) \($0.frames) \($0.frameSlots) \($0.mask) "
        + "\($0.images) \($0.productKeys) \($0.liveKeys) \($0.titleEmbeddings) \($0.asrEmbeddings) \($0.titles) \($0.asrs)"
    }
  }

  @Test func aBatchHoldsWhatItsSamplesHold() throws {
    let configuration = LoaderConfiguration(pairsPerRank: 6, framesPerClip: 5, dropTailProbability: 0, seed: 2)
    for batch in try batches(configuration, count: 8) {
      #expect(batch.pixelEncoding == .rgb && batch.resolution == 2 && batch.framesPerClip == 5)
      #expect(batch.mask.count == 30)
      var packed = 0
      for (pair, number) in batch.sampleNumbers.enumerated() {
        let sample = LoadingFixture.sample(number)
        #expect(batch.clipIDs[pair] == sample.clipID)
        #expect(batch.titles[pair] == sample.title && batch.asrs[pair] == sample.asr)
        #expect(batch.productKeys[pair] == sample.summary.productKey)
        #expect(batch.liveKeys[pair] == sample.summary.liveKey)
        #expect(Array(batch.image(ofPair: pair)) == sample.image)
        #expect(Array(batch.titleEmbeddings[(2 * pair)..<(2 * pair + 2)]) == sample.titleEmbedding)
        let asr = sample.asrEmbedding.isEmpty ? [0, 0] : sample.asrEmbedding
        #expect(Array(batch.asrEmbeddings[(2 * pair)..<(2 * pair + 2)]) == asr)
        let frames = ClipSampling.evenFrames(of: sample.frameCount, limit: 5)
        #expect((0..<5).map { batch.mask[pair * 5 + $0] } == (0..<5).map { $0 < frames.count })
        for (slot, frame) in frames.enumerated() {
          #expect(batch.frameSlots[packed] == Int32(pair * 5 + slot))
          #expect(
            Array(batch.frame(inSlot: batch.frameSlots[packed]))
              == [UInt8](repeating: LoadingFixture.value(number, frame), count: 12))
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
              of: all, probability: 1, seed: 2, epoch: batch.epoch, position: batch.places.lowerBound + pair))
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
    var configuration = LoaderConfiguration(pairsPerRank: 4, onBadSample: .skip, seed: 3)
    let clean = try batches(configuration, count: 24)
    let bad = clean[5].sampleNumbers[1]
    try fixture.damage(bad)
    var runs: [[String]] = []
    for threads in [1, 3] {
      configuration.readerThreadCount = threads
      let loader = try BatchLoader(set: set, configuration: configuration)
      let batches = try (0..<24).map { _ in try loader.next() }
      let skipped = batches.flatMap(\.skipped)
      #expect(skipped.map(\.sampleNumber) == [bad, bad])  // once in each epoch
      #expect(skipped[0].place == clean[5].places.lowerBound + 1)
      #expect(skipped[0].fault.place?.contains("clip-\(bad)") == true)
      #expect(!batches.flatMap(\.sampleNumbers).contains(bad))
      #expect(Set(batches[5].sampleNumbers).count == 4)
      #expect(content(Array(batches[..<5])) == content(Array(clean[..<5])))
      runs.append(content(batches))
    }
    #expect(runs[0] == runs[1])
  }

  @Test func whereAllIsDamagedSkippingEnds() throws {
    for number in 0..<60 where number % 5 != 4 { try fixture.damage(number) }
    let loader = try BatchLoader(
      set: set, configuration: LoaderConfiguration(pairsPerRank: 4, onBadSample: .skip, seed: 3))
    let fault = try #require(throws: Fault.self) { _ = try loader.next() }
    #expect(fault.code == .badData)
  }

  /// Whose failure is told does not depend on which thread was first.
  @Test func theFirstOfSeveralBadSamplesIsTold() throws {
    var configuration = LoaderConfiguration(pairsPerRank: 8, seed: 3)
    let clean = try batches(configuration, count: 2)[1]
    for pair in [6, 2, 5] { try fixture.damage(clean.sampleNumbers[pair]) }
    for threads in [1, 4, 8] {
      configuration.readerThreadCount = threads
      let loader = try BatchLoader(set: set, configuration: configuration)
      _ = try loader.next()
      let fault = try #require(throws: Fault.self) { _ = try loader.next() }
      #expect(fault.place?.contains("clip-\(clean.sampleNumbers[2])'") == true)
    }
  }

  @Test func batchesAreMadeInTheMemoryOfThoseThatWereLetGo() throws {
    let pool = BatchPixelPool(pairCount: 4, frameCount: 3, pictureByteCount: 10)
    for _ in 0..<5 {
      let (a, b) = (pool.take(), pool.take())
      #expect(a.image(ofPair: 0).baseAddress != b.image(ofPair: 0).baseAddress)
      #expect(a.frame(ofPair: 3, at: 2).baseAddress == a.image(ofPair: 0).baseAddress.map { $0 + 150 })
    }
    #expect(pool.allocatedCount == 2)
  }

  @Test func theMemoryBoundsTheBatchesAhead() throws {
    // A batch: 4 pairs of 1 + 10 pictures of 12 bytes and 2 texts of 2 numbers; 2 threads: 2 · (1 + 12) pictures each.
    let (batch, working) = (4 * (11 * 12 + 16), 2 * 2 * 13 * 12)
    func ahead(_ memory: Int) throws -> Int {
      try BatchLoader(
        set: set,
        configuration: LoaderConfiguration(
          pairsPerRank: 4, prefetchBatchCount: 3, readerThreadCount: 2, memoryByteCount: memory)
      ).batchesAhead
    }
    #expect(try ahead(1 << 30) == 4)
    #expect(try ahead(working + 4 * batch) == 3)
    #expect(try ahead(working + 2 * batch) == 1)
    let fault = try #require(throws: Fault.self) { _ = try ahead(working + 2 * batch - 1) }
    #expect(fault.code == .configuration)
    #expect(fault.remedy?.contains("data.memory to \(working + 2 * batch) or more") == true)
    var configuration = LoaderConfiguration(pairsPerRank: 4, readerThreadCount: 3, seed: 3)
    let reference = content(try batches(configuration, count: 20))
    configuration.memoryByteCount = working * 3 / 2 + 2 * batch
    #expect(content(try batches(configuration, count: 20)) == reference)
  }

  @Test func readingAheadChangesNothing() throws {
    var configuration = LoaderConfiguration(pairsPerRank: 4, shuffleBlock: 4, shuffleWindow: 16, seed: 3)
    let reference = content(try batches(configuration, count: 30))
    configuration.readAheadByteCount = 1 << 20
    #expect(content(try batches(configuration, count: 30)) == reference)
    #expect(content(try batches(configuration, from: 20, count: 10)) == Array(reference[20...]))
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

  @Test func workIsMeasured() throws {
    let loader = try BatchLoader(set: set, configuration: LoaderConfiguration(pairsPerRank: 40, readerThreadCount: 2))
    #expect(loader.statistics.waitSeconds == 0)
    let batch = try loader.next()
    let statistics = loader.statistics
    #expect(statistics.waitSeconds >= 0)
    #expect(statistics.sampleCount >= 40)
    #expect(statistics.readSeconds > 0 && statistics.decodeSeconds > 0)
    // Frames that a clip loses in training are not unpacked; what is read ahead comes on top.
    #expect(statistics.decodedByteCount >= (batch.pairCount + batch.frameCount) * 12)
    #expect(statistics.readByteCount > 0)
    #expect((statistics - statistics) == LoaderStatistics())
  }
}

extension LoadedBatch {
  /// [F, 3, R, R]
  fileprivate var frames: [UInt8] { frameSlots.flatMap { Array(frame(inSlot: $0)) } }
  /// [N, 3, R, R]
  fileprivate var images: [UInt8] { (0..<pairCount).flatMap { Array(image(ofPair: $0)) } }
}
