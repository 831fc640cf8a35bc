import DataLoading
import Faults
import Foundation
import ShardFormat
import Testing

/// Token features in batches: those of the samples, where they are asked for.
@Suite struct TokenLoadingTests {
  let folder: String
  static let shape = TokenShape(width: 2, maximumCount: 4)

  /// Title n has 1 + n % 4 tokens of (n, place); every second sample has no spoken text.
  static func sample(_ number: Int) -> Sample {
    var sample = LoadingFixture.sample(number)
    sample.tokens.title = features(number)
    sample.tokens.asr = sample.asrEmbedding.isEmpty ? nil : features(number + 1)
    return sample
  }

  static func features(_ number: Int) -> TokenFeatures {
    let count = 1 + number % 4
    return TokenFeatures((0..<count).flatMap { [Float(number), Float($0)] }, count: count)
  }

  init() throws {
    folder = NSTemporaryDirectory() + "tokens-" + UUID().uuidString
    let writer = try ShardWriter(
      folder: folder,
      configuration: ShardConfiguration(
        resolution: 2, maximumFrameCount: 12, pixelEncoding: .rgb, samplesPerShard: 7, textEncoder: "test",
        textWidth: 2, tokens: Self.shape))
    for number in 0..<20 { try writer.append(Self.sample(number)) }
    try writer.finish()
  }

  private func configuration(tokens: Bool, threads: Int = 2) -> LoaderConfiguration {
    LoaderConfiguration(
      pairsPerRank: 4, framesPerClip: 3, readerThreadCount: threads, shuffleWindow: 8, readAheadByteCount: 1 << 20,
      readsTokens: tokens, seed: 3)
  }

  @Test(arguments: [1, 3])
  func batchesHaveTheFeaturesOfTheirSamples(_ threads: Int) throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let loader = try BatchLoader(
      set: ShardSet(folder: folder), configuration: configuration(tokens: true, threads: threads))
    for _ in 0..<12 {
      let batch = try loader.next()
      #expect(batch.tokenWidth == 2)
      #expect(batch.titleTokens == batch.sampleNumbers.map { Self.sample($0).tokens.title })
      #expect(batch.asrTokens == batch.sampleNumbers.map { Self.sample($0).tokens.asr })
      #expect(batch.asrTokens.map { $0 != nil } == batch.hasASR)
    }
  }

  @Test func whoDoesNotAskGetsAndReadsNone() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let set = try ShardSet(folder: folder)
    let without = try BatchLoader(set: set, configuration: configuration(tokens: false))
    let batch = try without.next()
    #expect(batch.titleTokens.isEmpty && batch.asrTokens.isEmpty && batch.tokenWidth == 0)
    for tokens in [false, true] {
      let reader = SequentialReader(set: set, tokens: tokens)
      defer { reader.stop() }
      while let element = try reader.next() {
        #expect(element.sample.tokens == (tokens ? Self.sample(element.number).tokens : SampleTokens()))
      }
    }
  }

  @Test func aSetWithoutFeaturesIsRefusedWhereTheyAreAskedFor() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let fixture = try LoadingFixture(count: 20)
    let fault = try #require(throws: Fault.self) {
      _ = try BatchLoader(set: ShardSet(folder: fixture.path), configuration: configuration(tokens: true))
    }
    #expect(fault.code == .configuration && fault.what == "The shards hold no token features")
    #expect(fault.remedy == "Add them with sgmn-shard embed --tokens")
  }

  /// The longest texts that the set allows are counted: 4 pairs of two texts of 4 tokens of 2 numbers in 2 bytes.
  @Test func memoryCountsTheLongestTexts() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let set = try ShardSet(folder: folder)
    func least(tokens: Bool) throws -> Int {
      var configuration = configuration(tokens: tokens, threads: 1)
      configuration.memoryByteCount = 1
      let fault = try #require(throws: Fault.self) { _ = try BatchLoader(set: set, configuration: configuration) }
      let digits = try #require(fault.remedy?.split(separator: " ").first { $0.allSatisfy(\.isNumber) })
      return try #require(Int(digits))
    }
    // Two batches, and what one thread reads.
    #expect(try least(tokens: true) - least(tokens: false) == (2 * 4 + 1) * 2 * 4 * 2 * 2)
  }

  @Test func damagedFeaturesCostTheirSampleLikeAnyDamage() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    // The features section is what ends before the section table: 4 lines and the trailer.
    let path = folder + "/shard-00001.sgmn"
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    bytes[bytes.count - 64 - 4 * 32 - 1] ^= 1
    try bytes.write(to: URL(fileURLWithPath: path))
    let set = try ShardSet(folder: folder)
    var configuration = configuration(tokens: true)
    configuration.onBadSample = .skip
    let loader = try BatchLoader(set: set, configuration: configuration)
    var skipped: Set<Int> = []
    for _ in 0..<8 {
      let batch = try loader.next()
      skipped.formUnion(batch.skipped.map(\.sampleNumber))
      #expect(batch.skipped.allSatisfy { $0.fault.what == "The token features are damaged: their hash does not match" })
      #expect(batch.titleTokens == batch.sampleNumbers.map { Self.sample($0).tokens.title })
    }
    #expect(skipped.count == 1)
    let strict = try BatchLoader(set: set, configuration: self.configuration(tokens: true))
    let fault = try #require(throws: Fault.self) { for _ in 0..<8 { _ = try strict.next() } }
    #expect(fault.code == .badData && fault.place?.contains("shard-00001.sgmn") == true)
  }
}
