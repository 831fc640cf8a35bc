import Collectives
import Faults
import Foundation
import ShardFormat
import Synchronization
import Testing
import TextEncoding

@testable import ShardBuilding

@Suite struct TextEmbedderTests {
  /// Ten samples in shards of four entries, with left-out entries between and behind them; titles repeat, some texts are
  /// empty or blank.
  static let titles = ["red shoe", "red shoe", "", "blue hat", "  \n", "red shoe", "bag", "blue hat", "hat", "鞋"]
  static let speech = ["look here", "bag", "so cheap", "", "look here", "\u{3000}", "buy", "buy now", "", "hat"]
  static let configuration = ShardConfiguration(
    resolution: 4, maximumFrameCount: 2, samplesPerShard: 4, textEncoder: "old", textWidth: 2)

  static func sample(_ number: Int) -> Sample {
    let frames = number % 3
    return Sample(
      clipID: frames == 0 ? "" : "clip-\(number)", imageID: "image-\(number / 2)", liveID: "live", productID: "p",
      title: titles[number], asr: speech[number], tags: ["n": "\(number)"],
      frameIndices: (0..<frames).map { Int32($0) },
      frames: [UInt8](repeating: UInt8(20 * number), count: frames * 48),
      image: [UInt8](repeating: UInt8(10 * (number / 2)), count: 48), titleEmbedding: [1, 2], asrEmbedding: [])
  }

  /// The set before: entries 1, 6 and 13 are left out.
  @discardableResult
  static func makeSet(_ folder: String) throws -> ShardSet {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let leftOut: Set<Int> = [1, 6, 13]
    var next = 0
    for shard in 0..<4 {
      let writer = try ShardFileWriter(
        folder: folder, number: shard, configuration: configuration, sourceHash: UInt64(shard))
      for place in 0..<(shard == 3 ? 2 : 4) {
        if leftOut.contains(4 * shard + place) {
          writer.leaveOut(LeftOutSample(place: place, id: "c", cause: "bad data", message: "m"))
        } else if next < 10 {
          try writer.append(ShardWriter.encode(sample(next), configuration: configuration), place: place)
          next += 1
        }
      }
      try writer.finish()
    }
    try ShardSetIndex.assemble(folder: folder, configuration: configuration, shardCount: 4)
    return try ShardSet(folder: folder)
  }

  private func expected(_ number: Int, tokens: Bool) -> Sample {
    var sample = Self.sample(number)
    func isBlank(_ text: String) -> Bool { text.allSatisfy(\.isWhitespace) }
    let (title, asr) = (CountingEncoder.features(of: sample.title), CountingEncoder.features(of: sample.asr))
    sample.titleEmbedding = isBlank(sample.title) ? [] : title.pooled
    sample.asrEmbedding = isBlank(sample.asr) ? [] : asr.pooled
    guard tokens else { return sample }
    if !isBlank(sample.title) { sample.tokens.title = TokenFeatures(title.tokens, count: title.tokenCount) }
    if !isBlank(sample.asr) { sample.tokens.asr = TokenFeatures(asr.tokens, count: asr.tokenCount) }
    return sample
  }

  @Test(arguments: [true, false])
  func `every text is what the encoder says, every picture what it was`(_ tokens: Bool) throws {
    try withFolder { folder in
      let old = try Self.makeSet(folder + "/old")
      let encoder = CountingEncoder()
      let report = try TextEmbedder(old, encoder: encoder, tokens: tokens).embed(to: folder + "/new")
      let new = try ShardSet(folder: folder + "/new")
      #expect(new.configuration.textEncoder == "counting" && new.configuration.textWidth == 3)
      #expect(new.configuration.tokens == (tokens ? TokenShape(width: 2, maximumCount: 6) : nil))
      let decoder = ShardDecoder()
      for number in 0..<10 {
        let (sample, before) = (
          try new.read(at: number, using: decoder), try old.read(at: number, using: ShardDecoder())
        )
        #expect(sample.summary == expected(number, tokens: tokens).summary)
        #expect(sample.tokens == expected(number, tokens: tokens).tokens)
        #expect((sample.frames, sample.image) == (before.frames, before.image))
      }
      #expect(try ShardVerification.verify(folder: folder + "/new").isClean)
      #expect(report.sampleCount == 10 && report.shardCount == 4 && report.keptShardCount == 0)
      #expect(report.encodedCount == encoder.texts.count)
      // Left out as before, at the same places.
      #expect(new.index.leftOutCount == 3)
      for shard in 0..<4 {
        let (a, b) = (try old.shardFile(shard), try new.shardFile(shard))
        #expect(a.leftOut == b.leftOut && a.places == b.places)
        #expect(b.sourceHash == old.index.shards[shard].rootHash)
      }
      let rejected = try String(contentsOfFile: folder + "/new/rejected.jsonl", encoding: .utf8)
      #expect(rejected.split(separator: "\n").count == 3 && rejected.contains(#""entry":14"#))
    }
  }

  /// The stored bytes themselves: nothing was decompressed and compressed again.
  @Test func `pixels are copied as they are stored`() throws {
    try withFolder { folder in
      let old = try Self.makeSet(folder + "/old")
      try TextEmbedder(old, encoder: CountingEncoder(), tokens: true).embed(to: folder + "/new")
      let new = try ShardSet(folder: folder + "/new")
      for shard in 0..<4 {
        let (a, b) = (try old.shardFile(shard), try new.shardFile(shard))
        for number in 0..<a.sampleCount {
          // Two samples are equal if one is the other with its details.
          let (before, after) = (try a.storedSample(at: number), try b.storedSample(at: number))
          var summary = before.summary
          (summary.titleEmbedding, summary.asrEmbedding) = (after.summary.titleEmbedding, after.summary.asrEmbedding)
          let tokens = expected(old.samples(ofShard: shard).lowerBound + number, tokens: true).tokens
          #expect(
            try before.encoded.describing(summary, tokens: tokens, configuration: new.configuration) == after.encoded)
        }
      }
    }
  }

  @Test func `equal texts of a shard are encoded once`() throws {
    try withFolder { folder in
      let old = try Self.makeSet(folder + "/old")
      let encoder = CountingEncoder()
      try TextEmbedder(old, encoder: encoder, tokens: true).embed(to: folder + "/new")
      var expected: [String] = []
      for shard in 0..<4 {
        let texts = old.samples(ofShard: shard).flatMap { [Self.titles[$0], Self.speech[$0]] }
        expected += Set(texts.filter { !$0.allSatisfy(\.isWhitespace) })
      }
      #expect(encoder.texts.sorted() == expected.sorted())
      for call in encoder.calls { #expect(call.map(\.utf8.count) == call.map(\.utf8.count).sorted()) }
    }
  }

  @Test func `what was stopped or failed goes on and ends in the same bytes`() throws {
    try withFolder { folder in
      let old = try Self.makeSet(folder + "/old")
      try TextEmbedder(old, encoder: CountingEncoder(), tokens: true).embed(to: folder + "/whole")
      let failing = CountingEncoder()
      failing.failingCall = 3
      let fault = try #require(throws: AgreedFault.self) {
        try TextEmbedder(old, encoder: failing, tokens: true).embed(to: folder + "/new")
      }.fault
      #expect(fault.what == "The encoder cannot go on")
      #expect(
        try contents(of: folder + "/new").keys.sorted() == ["build.json", "shard-00000.sgmn", "shard-00001.sgmn"])
      #expect(throws: Fault.self) { try ShardSet(folder: folder + "/new") }
      // Other settings are not mixed in.
      let other = try #require(throws: AgreedFault.self) {
        try TextEmbedder(old, encoder: CountingEncoder(), tokens: false).embed(to: folder + "/new")
      }.fault
      #expect(other.code == .configuration && other.what.contains("token features at most 6 of 2, now none"))
      // A shard that was damaged meanwhile is made again.
      try Data("cut".utf8).write(to: URL(fileURLWithPath: folder + "/new/shard-00001.sgmn"))
      let encoder = CountingEncoder()
      let report = try TextEmbedder(old, encoder: encoder, tokens: true).embed(to: folder + "/new")
      #expect(report.keptShardCount == 1 && report.shardCount == 4)
      #expect(!encoder.texts.contains("red shoe") || encoder.texts.filter { $0 == "red shoe" }.count == 1)
      #expect(try contents(of: folder + "/new") == contents(of: folder + "/whole"))
      let again = try #require(throws: AgreedFault.self) {
        try TextEmbedder(old, encoder: CountingEncoder(), tokens: true).embed(to: folder + "/new")
      }.fault
      #expect(again.code == .outputUnavailable && again.remedy == "Choose another folder, or remove this one first")
    }
  }

  @Test func `a request to stop ends in order`() throws {
    try withFolder { folder in
      let old = try Self.makeSet(folder + "/old")
      var watch = BuildWatch()
      let wasTold = Mutex(false)
      watch.isStopRequested = {
        wasTold.withLock { $0 = true }
        return true
      }
      let encoder = CountingEncoder()
      // The work waits for the question, so it was not done when it was asked.
      encoder.change = { _ in while !wasTold.withLock({ $0 }) { usleep(1000) } }
      let fault = try #require(throws: AgreedFault.self) {
        try TextEmbedder(old, encoder: encoder, tokens: true).embed(to: folder + "/new", watch: watch)
      }.fault
      #expect(fault.code == .stoppedWithCheckpoint && fault.what.hasSuffix("of 4 shards done"))
      try TextEmbedder(old, encoder: CountingEncoder(), tokens: true).embed(to: folder + "/new")
      try TextEmbedder(old, encoder: CountingEncoder(), tokens: true).embed(to: folder + "/whole")
      #expect(try contents(of: folder + "/new") == contents(of: folder + "/whole"))
    }
  }

  @Test func `an encoder that does not keep its promises is told from`() throws {
    try withFolder { folder in
      let old = try Self.makeSet(folder + "/old")
      func what(_ change: @escaping (inout TextFeatures) -> Void) throws -> Fault {
        let encoder = CountingEncoder()
        encoder.change = change
        let fault = try #require(throws: AgreedFault.self) {
          try TextEmbedder(old, encoder: encoder, tokens: true).embed(to: folder + "/new")
        }.fault
        return fault
      }
      #expect(try what { $0.pooled = [1] }.what == "The text encoder gave an embedding of 1 numbers, not 3")
      #expect(try what { ($0.tokens, $0.tokenCount) = ([], 0) }.code == .internalError)
      #expect(
        try what { ($0.tokens, $0.tokenCount) = ([Float](repeating: 0, count: 14), 7) }.what.contains(
          "14 numbers for 7"))
      let large = try what { $0.pooled[0] = 1e6 }
      #expect(large.code == .notFinite)
      #expect(
        large.what == "The text encoder counting gives an embedding with 1000000.0, which is not finite in 16 bits")
      let fault = try #require(throws: Fault.self) {
        _ = try TextEmbedder(old, encoder: HashedNgramFeatures(), tokens: true)
      }
      #expect(fault.code == .usage && fault.what == "The encoder hashed-ngrams has no token features")
    }
  }

  /// Token features of the old set are not copied, so they need no space.
  @Test func `the needed space is without the old token features`() throws {
    try withFolder { folder in
      let old = try Self.makeSet(folder + "/old")
      try TextEmbedder(old, encoder: CountingEncoder(), tokens: true).embed(to: folder + "/with")
      try TextEmbedder(old, encoder: CountingEncoder(), tokens: false).embed(to: folder + "/without")
      let sizes = try ["with", "without"].map { name in
        let set = try ShardSet(folder: "\(folder)/\(name)")
        let run = TextEmbeddingRun(
          set, as: Self.configuration, in: BuildFolder(path: folder + "/new"), shards: Array(0..<4))
        return (copied: try run.copiedByteCount(), all: set.index.byteCount)
      }
      #expect(sizes[0].all > sizes[1].all)
      #expect(sizes[0].copied == sizes[1].all && sizes[1].copied == sizes[1].all)
    }
  }

  /// The built-in encoder afterwards is the built-in encoder while building, but for texts that are not there.
  @Test func `embedding afterwards is building with it`() throws {
    try withFolder { folder in
      let world = try BuiltWorld(folder)
      try world.build(to: folder + "/with")
      try ShardBuilder(
        configuration: world.builder().configuration, texts: .none, decoding: .inProcess
      ).build(
        world.catalog(), source: world.manifest, to: folder + "/without", options: BuildOptions(threadCount: 2))
      try TextEmbedder(
        ShardSet(folder: folder + "/without"), encoder: HashedNgramFeatures(), tokens: false
      ).embed(to: folder + "/later")
      let (with, later) = (try ShardSet(folder: folder + "/with"), try ShardSet(folder: folder + "/later"))
      #expect(with.configuration == later.configuration && with.count == later.count)
      for number in 0..<with.count {
        #expect(
          try with.read(at: number, using: ShardDecoder()) == later.read(at: number, using: ShardDecoder()))
      }
    }
  }

  @Test func `a damaged sample stops it by its place`() throws {
    try withFolder { folder in
      let old = try Self.makeSet(folder + "/old")
      let location = old.location(of: 4)
      var bytes = try Data(contentsOf: URL(fileURLWithPath: location.path))
      bytes[location.offset + location.byteCount - 1] ^= 1
      try bytes.write(to: URL(fileURLWithPath: location.path))
      let fault = try #require(throws: AgreedFault.self) {
        try TextEmbedder(ShardSet(folder: folder + "/old"), encoder: CountingEncoder(), tokens: true)
          .embed(to: folder + "/new")
      }.fault
      #expect(fault.code == .badData && fault.place?.hasPrefix(location.path) == true)
    }
  }
}
