import Faults
import Foundation
import ShardFormat
import Testing

@testable import ShardReports

@Suite struct SetStatisticsTests {
  private static let count = 300

  private func made() throws -> (folder: TemporaryFolder, set: ShardSet, samples: [Sample]) {
    let folder = try TemporaryFolder()
    let samples = try SetFixture.build(folder.path, count: Self.count)
    return (folder, try ShardSet(folder: folder.path), samples)
  }

  @Test func countsAreThoseOfTheSamples() throws {
    let (folder, set, samples) = try made()
    defer { _ = folder }
    let statistics = try SetStatistics(reading: set, threadCount: 2)
    let clips = samples.filter { $0.frameCount > 0 }
    #expect(statistics.facts.sampleCount == Self.count)
    #expect(statistics.facts.clipCount == clips.count)
    #expect(statistics.facts.galleryPictureCount == samples.count - clips.count)
    #expect(statistics.facts.frameCount == samples.reduce(0) { $0 + $1.frameCount })
    #expect(statistics.facts.productCount == Set(samples.map(\.productID)).count)
    #expect(statistics.facts.imageCount == Set(samples.map(\.imageID)).count)
    #expect(statistics.liveCount == Set(samples.map(\.liveID)).count)
    let categories = Dictionary(grouping: samples, by: \.categoryID).mapValues(\.count)
    #expect(statistics.categories == CountTable(categories))
    #expect(statistics.clipFrames == Distribution(clips.map { UInt32($0.frameCount) }))
    #expect(statistics.sourceFrames.maximum == clips.map { Int($0.frameIndices.last!) + 1 }.max())
    let products = Dictionary(grouping: clips, by: \.productID).mapValues(\.count)
    #expect(statistics.clipsPerProduct == Distribution(products.values.map { UInt32($0) }))
    let lives = Dictionary(grouping: samples, by: \.liveID).mapValues { Set($0.map(\.productID)).count }
    #expect(statistics.productsPerLive == Distribution(lives.values.map { UInt32($0) }))
    #expect(statistics.titleLengths.count == samples.count { !$0.title.isEmpty })
    #expect(statistics.speechLengths.maximum == samples.map(\.asr.count).max())
  }

  @Test func aTagOfManyValuesIsOnlyCounted() throws {
    let folder = try TemporaryFolder()
    try SetFixture.build(folder.path, count: SetStatistics.tagValueLimit + 200)
    let set = try ShardSet(folder: folder.path)
    for threadCount in [1, 3] {
      let tags = try SetStatistics(reading: set, threadCount: threadCount).tags
      #expect(tags.map(\.name) == ["scale", "serial"])
      #expect(tags[0].values.distinctCount == 3)
      #expect(tags[1].values.isEmpty)
      #expect(tags[1].sampleCount == set.count)
    }
  }

  @Test func threadsDoNotChangeTheResult() throws {
    let (folder, set, _) = try made()
    defer { _ = folder }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let one = try encoder.encode(SetStatistics(reading: set, threadCount: 1))
    #expect(try encoder.encode(SetStatistics(reading: set, threadCount: 5)) == one)
    #expect(try JSONSerialization.jsonObject(with: one) is [String: Any])
  }

  @Test func theTextShowsWhatMatters() throws {
    let (folder, set, _) = try made()
    defer { _ = folder }
    let text = try SetStatistics(reading: set, threadCount: 2, leftOut: ["bad data": 4]).text
    for part in ["Categories: 34", "Tag scale: 300 samples", "clips of a product", "Left out", "bad data"] {
      #expect(text.contains(part), "\(part)")
    }
  }

  @Test func anEmptySetHasNumbersToo() throws {
    let folder = try TemporaryFolder()
    try SetFixture.build(folder.path, count: 0)
    let statistics = try SetStatistics(reading: ShardSet(folder: folder.path), threadCount: 2)
    #expect(statistics.facts.sampleCount == 0)
    #expect(statistics.facts.ratio == 0)
    #expect(!statistics.text.contains("nan"))
  }

  @Test func tokensAreCountedWhereThereAreFeatures() throws {
    let folder = try TemporaryFolder()
    let writer = try ShardWriter(
      folder: folder.path,
      configuration: ShardConfiguration(
        resolution: 2, maximumFrameCount: 1, samplesPerShard: 4, textEncoder: "test", textWidth: 1,
        tokens: TokenShape(width: 2, maximumCount: 9)))
    for number in 0..<10 {
      let tokens = TokenFeatures([Float](repeating: 1, count: 2 * (number % 9 + 1)), count: number % 9 + 1)
      try writer.append(
        Sample(
          clipID: "\(number)", title: "title \(number)", frameIndices: [0], frames: [UInt8](repeating: 0, count: 12),
          image: [UInt8](repeating: 0, count: 12), titleEmbedding: number < 8 ? [1] : [],
          tokens: SampleTokens(title: number < 8 ? tokens : nil)))
    }
    try writer.finish()
    let statistics = try SetStatistics(reading: ShardSet(folder: folder.path), threadCount: 2)
    #expect(statistics.titleTokens == Distribution((1...8).map { UInt32($0) }))
    #expect(statistics.speechTokens.isEmpty)
    #expect(statistics.text.contains("tokens of a title") && !statistics.text.contains("tokens of a speech"))
    #expect(statistics.facts.tokenWidth == 2 && statistics.facts.maximumTokenCount == 9)
    #expect(statistics.facts.text.contains("texts       test, 1 numbers, and 2 a token of at most 9"))
  }
}
