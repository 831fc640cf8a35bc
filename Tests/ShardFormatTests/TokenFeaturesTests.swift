import FaultTrials
import Faults
import Foundation
import Randomness
import Testing

@testable import ShardFormat

/// Token features: what is written comes back, equal ones are stored once, and nothing that is damaged or lies is read.
@Suite struct TokenFeaturesTests {
  let folder: TemporaryFolder
  static let shape = TokenShape(width: 3, maximumCount: 5)
  static let configuration = ShardConfiguration(
    resolution: 4, maximumFrameCount: 5, pixelEncoding: .rgb, samplesPerShard: 4, textEncoder: "hash-test",
    textWidth: 4, tokens: shape)

  init() throws { folder = try TemporaryFolder() }

  /// Pairs of neighbours share their title, as clips of a product do; every third sample has no title, every second no
  /// spoken text.
  static func sample(_ number: Int) -> Sample {
    var sample = SampleFixtures.sample(number, configuration: configuration)
    sample.title = "title \(number / 2)"
    if number % 3 == 2 { sample.titleEmbedding = [] }
    sample.tokens = SampleTokens(
      title: sample.titleEmbedding.isEmpty ? nil : features("title", number / 2),
      asr: sample.asrEmbedding.isEmpty ? nil : features("asr", number))
    return sample
  }

  static func features(_ kind: String, _ number: Int) -> TokenFeatures {
    var stream = RandomStream(seed: 8, kind, number)
    let count = 1 + number % shape.maximumCount
    return TokenFeatures((0..<count * shape.width).map { _ in Float(stream.uniform(-2, 2)) }, count: count)
  }

  func build(_ samples: [Sample], configuration: ShardConfiguration = configuration) throws {
    let writer = try ShardWriter(folder: folder.path, configuration: configuration)
    for sample in samples { try writer.append(sample) }
    try writer.finish()
  }

  @Test func whatIsWrittenComesBack() throws {
    let samples = (0..<11).map(Self.sample)
    try build(samples)
    let set = try ShardSet(folder: folder.path)
    #expect(set.configuration == Self.configuration)
    let decoder = ShardDecoder()
    for number in [7, 0, 10, 3, 4, 1, 9, 2, 8, 5, 6] {
      #expect(try set.read(at: number, using: decoder) == samples[number])
      #expect(try set.tokens(of: samples[number].summary, at: number, using: decoder) == samples[number].tokens)
    }
    #expect(try set.read(at: 0, using: decoder, tokens: false).tokens == SampleTokens())
    #expect(try ShardVerification.verify(folder: folder.path).isClean)
    // And copied as it is stored.
    let file = try set.shardFile(1)
    #expect(try file.storedSample(at: 2).summary == samples[6].summary)
    #expect(try ShardWriter.encode(samples[6], configuration: Self.configuration) == file.encodedSample(at: 2))
  }

  @Test func equalFeaturesOfAShardAreStoredOnce() throws {
    let samples = (0..<8).map(Self.sample)
    try build(samples)
    for shard in 0..<2 {
      let directory = try #require(try ShardSet(folder: folder.path).tokenDirectory(ofShard: shard).1)
      let own = samples[shard * 4..<shard * 4 + 4]
      var distinct: [TokenFeatures] = []
      for tokens in own.map(\.tokens) {
        for features in [tokens.title, tokens.asr].compactMap({ $0 }) where !distinct.contains(features) {
          distinct.append(features)
        }
      }
      #expect(directory.textCount == distinct.count)
      #expect((0..<directory.textCount).map { directory.text($0).count } == distinct.map(\.count))
    }
    #expect(samples[0].tokens.title == samples[1].tokens.title)
  }

  /// A sample's two texts are one read where both are new, as tests of the storage see it.
  @Test func aSamplesFeaturesAreOneReadWhereBothTextsAreNew() throws {
    try build((0..<4).map(Self.sample))
    let storage = CountingStorage(LocalFolder(folder.path))
    let set = try ShardSet(storage: storage)
    let decoder = ShardDecoder()
    let summary = try set.load(at: 1, using: decoder)
    _ = try set.tokens(of: summary, at: 1, using: decoder)  // the directory is known now
    let other = try set.summary(at: 0)
    let before = storage.reads.count
    _ = try set.tokens(of: other, at: 0, using: decoder)
    let reads = storage.reads[before...]
    let directory = try #require(try set.tokenDirectory(ofShard: 0).1)
    let (title, asr) = directory.texts(ofSample: 0)
    #expect(reads.count == 1)
    #expect(
      reads.first?.count
        == (try directory.byteCount(of: #require(title))) + (try directory.byteCount(of: #require(asr))))
  }

  @Test func setsWithoutFeaturesAreWhatTheyWere() throws {
    var configuration = Self.configuration
    configuration.tokens = nil
    try build(
      (0..<4).map { SampleFixtures.sample($0, configuration: configuration) }, configuration: configuration)
    let forgery = try Forgery(folder: folder.path)
    #expect(UInt32(truncatingIfNeeded: Forgery.word(forgery.index, 8)) == 2)
    // Six numbers and three strings, as always.
    #expect(configuration.record.count == 6 * 4 + 4 + 9 + 4 + 4 + 4 + 14)
    #expect(forgery.trailerOffset - forgery.tableOffset == 2 * 32)
    #expect(Self.configuration.record.count == configuration.record.count + 8)
  }

  @Test func whatDoesNotGoTogetherIsRefusedWhenItIsWritten() throws {
    func what(_ change: (inout Sample) -> Void) throws -> String {
      var sample = Self.sample(0)
      change(&sample)
      let fault = try #require(throws: Fault.self) {
        _ = try ShardWriter.encode(sample, configuration: Self.configuration)
      }
      #expect(fault.code == .badData && fault.place == "clip 'clip-0', image 'image-0'")
      return fault.what
    }
    #expect(try what { $0.tokens.title = nil } == "The title has only one of embedding and token features")
    #expect(try what { $0.asrEmbedding = [] } == "The spoken text has only one of embedding and token features")
    #expect(
      try what { $0.tokens.asr = TokenFeatures([1, 2, 3, 4], count: 1) } == "The spoken text has 4 numbers, not 1 × 3")
    #expect(
      try what { $0.tokens.title = TokenFeatures([Float](repeating: 0, count: 18), count: 6) }
        == "The title has 6 tokens, outside 1 … 5")
    #expect(
      try what { $0.tokens.title = TokenFeatures([1, 1e6, 1], count: 1) }
        == "The features of the title's tokens are not finite in 16 bits")
    var none = Self.configuration
    none.tokens = nil
    let fault = try #require(throws: Fault.self) { _ = try ShardWriter.encode(Self.sample(0), configuration: none) }
    #expect(fault.what == "Token features of the title in a set that has none")
    for (width, count) in [(0, 1), (4097, 1), (1, 0), (1, 4097)] {
      var wrong = Self.configuration
      wrong.tokens = TokenShape(width: width, maximumCount: count)
      #expect(throws: Fault.self) { try wrong.validate() }
    }
    none.tokens = Self.shape
    (none.textEncoder, none.textWidth) = (nil, 0)
    #expect(
      #expect(throws: Fault.self) { try none.validate() }?.what == "Token features without text embeddings")
  }

  /// An embedding of zeros is none, and takes the features of the text along.
  @Test func aTextOfNothingHasNoFeatures() throws {
    var sample = Self.sample(0)
    sample.titleEmbedding = [0, 0, 1e-9, 0]
    try build([sample, Self.sample(1)])
    let set = try ShardSet(folder: folder.path)
    let read = try set.read(at: 0, using: ShardDecoder())
    #expect(read.titleEmbedding.isEmpty && read.tokens.title == nil)
    #expect(read.tokens.asr == sample.tokens.asr)
    #expect(try ShardVerification.verify(folder: folder.path).isClean)
  }

  @Test func paddingIsMasked() {
    let padded = PaddedTokens([Self.features("a", 1), nil, Self.features("b", 2)], width: 3)
    #expect(padded.count == 3 && padded.values.count == 27)
    #expect(padded.mask == [true, true, false, false, false, false, true, true, true])
    #expect(padded.values[..<6].elementsEqual(Self.features("a", 1).values.map(Float.init)))
    #expect(padded.values[6..<18].allSatisfy { $0 == 0 })
    #expect(padded.values[18...].elementsEqual(Self.features("b", 2).values.map(Float.init)))
    let none = PaddedTokens([nil, nil], width: 2)
    #expect(none.count == 1 && none.mask == [false, false] && none.values == [0, 0, 0, 0])
  }
}
