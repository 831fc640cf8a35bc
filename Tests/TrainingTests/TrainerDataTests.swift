import Collectives
import DataLoading
import Faults
import Foundation
import SGMNModel
import ShardFormat
import Synchronization
import TensorCore
import Testing

@testable import Training

@Suite struct TrainerDataTests {
  /// Damages a sample on disk.
  private func damage(_ number: Int, _ tiny: TinyRun) throws {
    let location = try ShardSet(folder: tiny.shards).location(of: number)
    var bytes = try Data(contentsOf: URL(fileURLWithPath: location.path))
    bytes[location.offset + location.byteCount - 1] ^= 0x55
    try bytes.write(to: URL(fileURLWithPath: location.path))
  }

  private func skipping(_ tiny: TinyRun, budget: Int) -> RunConfiguration {
    var configuration = tiny.configuration
    configuration.data.onBad = .skip
    configuration.data.skipBudget = budget
    return configuration
  }

  @Test func aDamagedSampleEndsTheRun() throws {
    let tiny = try TinyRun()
    try damage(5, tiny)
    let fault = try #require(throws: Fault.self) { _ = try tiny.trainer(tiny.configuration, out: "run").run() }
    #expect(fault.code == .badData)
    #expect(fault.place?.contains("clip-5") == true)
  }

  /// Two epochs and more: the sample comes several times, and counts and is told once.
  @Test func aReplacedSampleIsCountedAndToldOnce() throws {
    let tiny = try TinyRun()
    try damage(5, tiny)
    let lines = Mutex<[String]>([])
    let trainer = try tiny.trainer(skipping(tiny, budget: 1), out: "run") { line in lines.withLock { $0.append(line) } }
    #expect(try trainer.run() == .done)
    #expect(trainer.state.replacedSamples == [5])
    let told = lines.withLock { $0 }.filter { $0.contains("damaged sample 5") }
    #expect(told.count == 1)
    #expect(told.first?.contains("shard-00000.sgmn") == true && told.first?.contains("clip-5") == true)
    let metrics = try String(contentsOfFile: "\(tiny.folder)/run/metrics.jsonl", encoding: .utf8)
    #expect(metrics.split(separator: "\n").last?.contains("\"replaced_samples\":1") == true)
  }

  @Test func aResumedRunGoesOnCounting() throws {
    let tiny = try TinyRun()
    for number in [2, 5, 9] { try damage(number, tiny) }
    var replaced: [Int] = []
    for stop in 1...3 {  // an epoch
      var trainer: Trainer? = try tiny.trainer(skipping(tiny, budget: 3), out: "run")
      #expect(trainer?.state.replacedSamples == replaced)
      trainer?.stopAfterStep = stop
      #expect(try trainer?.run() == .stoppedWithCheckpoint)
      replaced = trainer?.state.replacedSamples ?? []
      trainer = nil
    }
    #expect(replaced == [2, 5, 9])
    let trainer = try tiny.trainer(skipping(tiny, budget: 2), out: "run")
    let error = #expect(throws: AgreedFault.self) { _ = try trainer.run() }
    #expect(error?.fault.code == .badData)
    #expect(error?.fault.what.contains("data.skip_budget is") == true)
  }

  @Test func moreThanTheBudgetEndsTheRun() throws {
    let tiny = try TinyRun()
    for number in [2, 5, 9] { try damage(number, tiny) }
    let trainer = try tiny.trainer(skipping(tiny, budget: 2), out: "run")
    let error = #expect(throws: AgreedFault.self) { _ = try trainer.run() }
    #expect(error?.fault.code == .badData)
    #expect(error?.fault.what.hasPrefix("3 different samples are damaged, data.skip_budget is 2") == true)
  }

  @Test func theModelGetsWhatTheShardsHold() throws {
    let tiny = try TinyRun()
    let set = try ShardSet(folder: tiny.shards)
    #expect(set.configuration.pixelEncoding == .yuv420)
    let loader = try BatchLoader(
      set: set, configuration: LoaderConfiguration(pairsPerRank: 6, framesPerClip: 2, dropTailProbability: 0))
    let batch = try loader.next()
    let pairs = PairBatch(batch, text: true)
    #expect(pairs.layout == .yuv420)
    let decoder = ShardDecoder()
    var frames: [UInt8] = []
    let rgb = { (planes: [UInt8]) in planes.withUnsafeBytes { PixelEncoding.yuv420.rgb(from: $0, resolution: 16) } }
    let images = rgb(pairs.images)
    for (pair, number) in batch.sampleNumbers.enumerated() {
      let sample = try set.read(at: number, using: decoder)
      #expect(Array(images[(pair * 768)..<((pair + 1) * 768)]) == sample.image)
      for frame in ClipSampling.evenFrames(of: sample.frameCount, limit: 2) {
        frames += sample.frames[(frame * 768)..<((frame + 1) * 768)]
      }
    }
    #expect(rgb(pairs.frames) == frames)
    let patches = { (lists: [[UInt8]], layout: PixelLayout) in
      Tensor.patches(
        of: lists, layout: layout, size: 16, patch: 8, mean: [0.5, 0.5, 0.5], deviation: [0.25, 0.25, 0.25],
        dtype: .float32, backend: CPUBackend()
      ).floats()
    }
    #expect(patches([pairs.images, pairs.frames], pairs.layout) == patches([images, frames], .rgb))
    #expect(pairs.frameCount == 2 && pairs.mask.count == 12)
    #expect(pairs.asr.pooled == batch.asrEmbeddings && pairs.title.pooled == batch.titleEmbeddings)
    #expect(PairBatch(batch, text: false).asr.pooled.isEmpty)
  }

  @Test func partsOfABatchAreTogetherTheBatch() throws {
    let tiny = try TinyRun()
    let loader = try BatchLoader(
      set: ShardSet(folder: tiny.shards), configuration: LoaderConfiguration(pairsPerRank: 6, framesPerClip: 3))
    let batch = try loader.next()
    let whole = PairBatch(batch, text: true)
    let parts = [0..<2, 2..<4, 4..<6].map { PairBatch(batch, pairs: $0, text: true) }
    #expect(parts.allSatisfy { $0.pairCount == 2 && $0.frameCount == 3 && $0.mask.count == 6 })
    #expect(parts.flatMap(\.images) == whole.images && parts.flatMap(\.frames) == whole.frames)
    #expect(parts.flatMap(\.mask) == whole.mask && parts.flatMap(\.productKeys) == whole.productKeys)
    #expect(
      parts.enumerated().flatMap { part, pairs in pairs.frameSlots.map { $0 + Int32(6 * part) } } == whole.frameSlots)
    #expect(parts.flatMap(\.asr.pooled) == whole.asr.pooled && parts.flatMap(\.title.pooled) == whole.title.pooled)
  }

  @Test func theModelGetsWhichTextsAreThere() throws {
    let tiny = try TinyRun()
    try tiny.dropSomeTexts()
    let set = try ShardSet(folder: tiny.shards)
    let loader = try BatchLoader(
      set: set, configuration: LoaderConfiguration(pairsPerRank: 12, framesPerClip: 3))
    let batch = try loader.next()
    let whole = PairBatch(batch, text: true)
    #expect(whole.asr.isPresent == batch.sampleNumbers.map { $0 % 3 != 1 })
    #expect(whole.title.isPresent == batch.sampleNumbers.map { $0 % 4 != 1 })
    let parts = [0..<6, 6..<12].map { PairBatch(batch, pairs: $0, text: true) }
    #expect(parts.flatMap(\.asr.isPresent) == whole.asr.isPresent)
    #expect(parts.flatMap(\.title.isPresent) == whole.title.isPresent)
  }

  /// Among two pairs there is often none that has both texts.
  @Test func aRunTrainsWhereTextsAreMissing() throws {
    let tiny = try TinyRun()
    try tiny.dropSomeTexts()
    var configuration = tiny.configuration
    configuration.data.globalBatch = 2
    configuration.safety.onNotFinite = .stop
    #expect(try tiny.trainer(configuration, out: "run").run() == .done)
    let lines = try String(contentsOfFile: "\(tiny.folder)/run/metrics.jsonl", encoding: .utf8).split(separator: "\n")
    let losses = lines.compactMap { line -> Double? in
      let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      return object?["loss_text"] as? Double
    }
    #expect(losses.count >= 8 && losses.contains(0) && losses.contains { $0 > 0 })
  }

  @Test func memoryAndProductsAreRefusedByTheirKeys() throws {
    let tiny = try TinyRun()
    func fault(_ change: (inout RunConfiguration) -> Void) throws -> Fault {
      var configuration = tiny.configuration
      change(&configuration)
      let error = #expect(throws: AgreedFault.self) {
        _ = try tiny.trainer(configuration, out: "run-\(UUID().uuidString)").run()
      }
      return try #require(error?.fault)
    }
    let memory = try fault { $0.data.memory = 1000 }
    #expect(memory.code == .configuration)
    #expect(memory.remedy?.contains("data.memory") == true)
    // Two clips a product, and one step an epoch.
    let products = try fault {
      $0.data.uniqueProducts = true
      $0.data.globalBatch = 12
    }
    #expect(products.code == .configuration)
    #expect(products.remedy?.contains("data.global_batch to 6 or less") == true)
  }

  /// A folder as if it were a cache that holds `wholeFileCapacity` of its shards.
  private struct SmallCache: ShardStorage {
    let folder: LocalFolder
    let wholeFileCapacity: Int?
    var location: String { folder.location }
    func contents(of name: String, limit: Int) throws -> [UInt8] { try folder.contents(of: name, limit: limit) }
    func open(_ name: String) throws -> any ShardBytes { try folder.open(name) }
    func byteCount(of name: String) throws -> Int { try folder.byteCount(of: name) }
  }

  @Test func aCacheThatAWindowDoesNotFitIntoIsRefused() throws {
    let tiny = try TinyRun(pairs: 24, samplesPerShard: 4)
    func check(_ capacity: Int, block: Int, window: Int) throws {
      let set = try ShardSet(
        storage: SmallCache(folder: LocalFolder(tiny.shards), wholeFileCapacity: capacity))
      let configuration = LoaderConfiguration(pairsPerRank: 4, shuffleBlock: block, shuffleWindow: window)
      try ShardSource.checkCache(set, fits: BatchSchedule(set, configuration: configuration, rankCount: 1))
    }
    let fault = try #require(throws: Fault.self) { try check(3, block: 2, window: 0) }
    #expect(fault.code == .configuration)
    #expect(fault.what.contains("holds 3 shards") && fault.what.contains("up to 6"))
    let bytes = try ShardSet(folder: tiny.shards).index.shards.map(\.byteCount).max() ?? 0
    #expect(fault.remedy?.contains("data.cache.bytes to \(6 * bytes) or more") == true)
    #expect(fault.remedy?.contains("data.shuffle_block to 4") == true)
    try check(6, block: 2, window: 0)
    try check(5, block: 4, window: 8)  // a window of two blocks, each in two shards at most, and what is over
  }

  @Test func aMissingShardIsToldBeforeTheFirstStep() throws {
    let tiny = try TinyRun()
    try FileManager.default.removeItem(atPath: "\(tiny.shards)/shard-00000.sgmn")
    let error = #expect(throws: AgreedFault.self) { _ = try tiny.trainer(tiny.configuration, out: "run") }
    #expect(error?.fault.code == .inputMissing)
  }

  /// Reports of waiting are collective: on every step here.
  @Test(arguments: [false, true]) func anOrderOfAnyKindTrains(unique: Bool) throws {
    let tiny = try TinyRun(pairs: 24)
    var configuration = tiny.configuration
    configuration.data.uniqueProducts = unique
    configuration.data.shuffleBlock = 2
    configuration.data.shuffleWindow = 8
    configuration.data.threads = 2
    let trainer = try tiny.trainer(configuration, out: "run")
    trainer.waitingReportInterval = 0
    #expect(try trainer.run() == .done)
  }
}
