import Foundation
import Testing

@testable import ShardFormat

/// How often, and how much of, the token features of a set is read.
@Suite struct TokenReadingTests {
  let folder: TemporaryFolder
  let storage: CountingStorage
  let set: ShardSet

  /// 16 samples in shards of 8, each with a spoken text of its own; the title of 7 of each shard is that of its first.
  init() throws {
    folder = try TemporaryFolder()
    var configuration = TokenFeaturesTests.configuration
    configuration.samplesPerShard = 8
    let writer = try ShardWriter(folder: folder.path, configuration: configuration)
    for number in 0..<16 { try writer.append(Self.sample(number, configuration)) }
    try writer.finish()
    storage = CountingStorage(LocalFolder(folder.path))
    set = try ShardSet(storage: storage)
  }

  private static func sample(_ number: Int, _ configuration: ShardConfiguration) -> Sample {
    var sample = SampleFixtures.sample(number, configuration: configuration)
    let title = number % 8 == 7 ? number - 7 : number
    (sample.title, sample.titleEmbedding, sample.asrEmbedding) = ("title \(title)", [1, 2, 3, 4], [4, 3, 2, 1])
    sample.tokens = SampleTokens(
      title: TokenFeaturesTests.features("title", title), asr: TokenFeaturesTests.features("asr", number))
    return sample
  }

  /// One text that all samples name is read once, beside the hash of its section.
  @Test func verificationReadsEveryTextOnce() throws {
    let directory = try #require(try set.tokenDirectory(ofShard: 0).1)
    let texts = (0..<directory.textCount).map { directory.text($0) }
    let ranges = texts.map { $0.offset..<$0.offset + directory.byteCount(of: $0) }
    storage.reads = []
    let problems = ShardVerification.problems(ofShard: 0, of: set.index, in: storage, depth: .full)
    #expect(problems.isEmpty)
    let section = ranges[0].lowerBound..<ranges[ranges.count - 1].upperBound
    let reads = storage.reads.filter { section.overlaps($0) && $0 != section }
    #expect(reads == ranges && texts.count == 15)
  }

  /// What is announced is what is read, not all that lies between the first text of a shard and the last.
  @Test func onlyWhatWillBeReadIsAnnounced() throws {
    let directory = try #require(try set.tokenDirectory(ofShard: 1).1)
    func range(_ text: TokenDirectory.Text?) throws -> Range<Int> {
      let text = try #require(text)
      return text.offset..<text.offset + directory.byteCount(of: text)
    }
    set.willRead(14..<16, tokens: true)  // samples 6 and 7 of shard 1; 7 names the title of 0
    let (early, first, last) = (
      try range(directory.texts(ofSample: 0).title), try range(directory.texts(ofSample: 6).title),
      try range(directory.texts(ofSample: 7).asr)
    )
    let extent = try #require(set.extent(of: 14..<16))
    #expect(
      storage.announced
        == [extent.offset..<extent.offset + extent.byteCount, early, first.lowerBound..<last.upperBound])
    // Every byte of it is read, and no other.
    storage.reads = []
    let decoder = ShardDecoder()
    for number in 14..<16 { _ = try set.tokens(of: set.summary(at: number), at: number, using: decoder) }
    let features = storage.reads.filter { $0.lowerBound >= early.lowerBound }
    #expect(Set(features.flatMap { Array($0) }) == Set(storage.announced[1...].flatMap { Array($0) }))
    storage.announced = []
    set.willRead(0..<16)
    #expect(storage.announced.count == 2)
  }

  /// A shard that was closed meanwhile is opened again; its token directory is not read again.
  @Test func directoriesOutliveOpenFiles() throws {
    let shards = OpenShards(storage, set.configuration, capacity: 1)
    for shard in set.index.shards { #expect(try shards.tokens(of: shard).1 != nil) }
    storage.reads = []
    for _ in 0..<3 { for shard in set.index.shards { #expect(try shards.tokens(of: shard).1 != nil) } }
    #expect(storage.reads.isEmpty)
    // With no room for a second, every change of shards reads one.
    let small = OpenShards(storage, set.configuration, directoryByteCount: 1)
    for shard in set.index.shards { _ = try small.tokens(of: shard) }
    storage.reads = []
    _ = try small.tokens(of: set.index.shards[1])
    #expect(storage.reads.isEmpty)
    _ = try small.tokens(of: set.index.shards[0])
    #expect(!storage.reads.isEmpty)
  }

  @Test func directoriesThatWereNotUsedGoFirst() throws {
    let directory = try #require(try set.tokenDirectory(ofShard: 0).1)
    var recent = RecentDirectories(byteLimit: 3 * directory.storedByteCount)
    for shard in 0..<3 { recent.insert(directory, ofShard: shard) }
    #expect(recent[0] != nil)
    recent.insert(directory, ofShard: 3)
    #expect(recent.count == 3 && recent.byteCount == 3 * directory.storedByteCount)
    #expect(recent[1] == nil && recent[0] != nil && recent[2] != nil && recent[3] != nil)
    recent.insert(directory, ofShard: 3)
    #expect(recent.count == 3 && recent.byteCount == 3 * directory.storedByteCount)
  }
}
