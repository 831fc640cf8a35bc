import DurableFiles
import Faults
import Foundation
import Randomness
import ShardFormat
import Testing

@Suite struct ShardSetTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func everySampleComesBackFromAnywhere() throws {
    let index = try SampleFixtures.build(folder.path, count: 40)
    #expect(index.shards.count > 3)
    let set = try ShardSet(folder: folder.path)
    #expect(set.count == 40)
    #expect(set.index == index)
    #expect(set.configuration == SampleFixtures.configuration)
    let decoder = ShardDecoder()
    var stream = RandomStream(seed: 1, "random access")
    for number in Array(0..<40) + (0..<100).map({ _ in stream.integer(below: 40) }) {
      let sample = SampleFixtures.sample(number)
      #expect(try set.read(at: number, using: decoder) == sample)
      #expect(try set.summary(at: number) == sample.summary)
      #expect(set.frameCount(at: number) == sample.frameCount)
      #expect(set.productKey(at: number) == sample.summary.productKey)
      #expect(set.imageKey(at: number) == XXH3.hash(sample.imageID))
      #expect(set.clipKey(at: number) == sample.summary.clipKey)
      #expect(set.location(of: number).sampleNumber == number)
    }
  }

  @Test func theDecoderHoldsThePixelsOfTheLastSample() throws {
    try SampleFixtures.build(folder.path, count: 8)
    let set = try ShardSet(folder: folder.path)
    let decoder = ShardDecoder()
    for number in [3, 6, 0] {  // 6 is a picture alone
      _ = try set.load(at: number, using: decoder)
      #expect(Array(decoder.image) == SampleFixtures.sample(number).image)
      #expect(Array(decoder.frames) == SampleFixtures.sample(number).frames)
    }
  }

  @Test func aSetWithoutTextAndASetWithoutSamples() throws {
    let plain = ShardConfiguration(resolution: 1, maximumFrameCount: 1, pixelEncoding: .rgb)
    let writer = try ShardWriter(folder: folder.path + "/plain", configuration: plain)
    let sample = Sample(image: [1, 2, 3])
    try writer.append(sample)
    try writer.finish()
    #expect(try ShardSet(folder: folder.path + "/plain").read(at: 0, using: ShardDecoder()) == sample)

    try ShardWriter(folder: folder.path + "/empty", configuration: plain).finish()
    #expect(try ShardSet(folder: folder.path + "/empty").count == 0)
  }

  @Test func threadsReadAtOnce() async throws {
    try SampleFixtures.build(folder.path, count: 30)
    let set = try ShardSet(folder: folder.path)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for worker in 0..<4 {
        group.addTask {
          let decoder = ShardDecoder()
          for number in 0..<30 {
            let place = (number * 7 + worker * 11) % 30
            let sample = try set.read(at: place, using: decoder)
            #expect(sample == SampleFixtures.sample(place))
          }
        }
      }
      try await group.waitForAll()
    }
  }

  @Test func missingAndUnfinishedAreToldApart() throws {
    let missing = try #require(throws: Fault.self) { try ShardSet(folder: folder.path + "/none") }
    #expect(missing.code == .inputMissing)
    let empty = try #require(throws: Fault.self) { try ShardSet(folder: folder.path) }
    #expect(empty.code == .inputMissing)
    #expect(empty.what == "No shards in this folder")
    try SampleFixtures.build(folder.path, count: 10)
    try DurableFile.remove(folder.path + "/index.sgmn")
    let unfinished = try #require(throws: Fault.self) { try ShardSet(folder: folder.path) }
    #expect(unfinished.code == .inputMissing)
    #expect(unfinished.what.contains("did not finish"))
    #expect(unfinished.remedy == "Run sgmn-shard build or embed, whichever began it, again to finish it")
  }

  /// Reads one sample of the first shard and one of the second.
  private func readTwo() throws {
    let set = try ShardSet(folder: folder.path)
    let decoder = ShardDecoder()
    for shard in 0..<2 { _ = try set.read(at: set.samples(ofShard: shard).lowerBound, using: decoder) }
  }

  @Test func aSwappedOrOlderShardIsFoundAtItsFirstSample() throws {
    try SampleFixtures.build(folder.path, count: 40)
    let first = folder.path + "/shard-00000.sgmn"
    let bytes = try FileReader.contents(of: first, limit: .max)
    try DurableFile.write(FileReader.contents(of: folder.path + "/shard-00001.sgmn", limit: .max), to: first)
    #expect(try #require(throws: Fault.self) { try readTwo() }.code == .badData)

    // The same shard of a build with one other title: right in itself, and not of this set.
    let other = try TemporaryFolder()
    let writer = try ShardWriter(folder: other.path, configuration: SampleFixtures.configuration)
    for number in 0..<40 {
      var sample = SampleFixtures.sample(number)
      if number == 0 { sample.title = String(sample.title.reversed()) }
      try writer.append(sample)
    }
    try writer.finish()
    try DurableFile.write(FileReader.contents(of: other.path + "/shard-00000.sgmn", limit: .max), to: first)
    let stale = try #require(throws: Fault.self) { try readTwo() }
    #expect(stale.code == .badData)
    #expect(stale.place?.contains("shard-00000.sgmn") == true)
    #expect(stale.remedy?.contains("sgmn-shard verify") == true)

    try DurableFile.write(bytes, to: first)
    try readTwo()
  }

  @Test func missingAndCutShardsAreFoundBeforeTheFirstSample() throws {
    try SampleFixtures.build(folder.path, count: 40)
    let second = folder.path + "/shard-00001.sgmn"
    let set = try ShardSet(folder: folder.path)
    try set.checkFiles()
    var bytes = try FileReader.contents(of: second, limit: .max)
    bytes.removeLast()
    try DurableFile.write(bytes, to: second)
    try set.checkFiles(rank: 0, of: 2)  // the other rank's
    let cut = try #require(throws: Fault.self) { try set.checkFiles(rank: 1, of: 2) }
    #expect(cut.code == .badData)
    try DurableFile.remove(second)
    let missing = try #require(throws: Fault.self) { try set.checkFiles() }
    #expect(missing.code == .inputMissing)
    #expect(missing.place?.contains("shard-00001.sgmn") == true)
    #expect(throws: Fault.self) { try readTwo() }
  }

  @Test func clipsAreFoundByTheirID() throws {
    try SampleFixtures.build(folder.path, count: 20)
    let set = try ShardSet(folder: folder.path)
    #expect(set.number(ofClip: "clip-13") == 13)
    #expect(set.number(ofClip: "clip-20") == nil)
  }

  @Test func aProductPictureIsStoredOnceInAShard() throws {
    func build(_ name: String, _ images: [(id: String, level: UInt8)]) throws -> ShardSet {
      var configuration = SampleFixtures.configuration
      configuration.pixelEncoding = .yuv420
      let writer = try ShardWriter(folder: folder.path + name, configuration: configuration)
      for (number, image) in images.enumerated() {
        var sample = SampleFixtures.sample(number)
        sample.imageID = image.id
        sample.image = [UInt8](repeating: image.level, count: sample.image.count)
        try writer.append(sample)
      }
      try writer.finish()
      return try ShardSet(folder: folder.path + name)
    }
    let set = try build("/shared", [("a", 9), ("b", 9), ("a", 9), ("a", 10), ("a", 9)])
    #expect(set.index.pictureCount == 3)  // "a" with other pixels is another picture
    #expect((0..<5).map { set.pictureNumber(at: $0) } == [0, 1, 0, 2, 0])
    let decoder = ShardDecoder()
    for (number, level) in [9, 9, 9, 10, 9].enumerated() {
      #expect(try set.read(at: number, using: decoder).image.allSatisfy { $0 == UInt8(level) })
    }
    #expect(try ShardVerification.verify(folder: folder.path + "/shared").isClean)
  }

  @Test(arguments: [1, 2, 7, 8, 16]) func chromaLosesLittleAndLumaNothing(resolution: Int) throws {
    var configuration = SampleFixtures.configuration
    configuration.pixelEncoding = .yuv420
    configuration.resolution = resolution
    let writer = try ShardWriter(folder: folder.path, configuration: configuration)
    let samples = (0..<8).map { number -> Sample in
      var sample = SampleFixtures.sample(number, configuration: configuration)
      // Grey pictures have no chroma to lose.
      for plane in [1, 2] {
        let size = resolution * resolution
        for picture in 0..<sample.frameCount {
          let start = picture * 3 * size
          sample.frames.replaceSubrange(
            start + plane * size..<start + (plane + 1) * size, with: sample.frames[start..<start + size])
        }
        sample.image.replaceSubrange(plane * size..<(plane + 1) * size, with: sample.image[..<size])
      }
      return sample
    }
    for sample in samples { try writer.append(sample) }
    try writer.finish()
    let set = try ShardSet(folder: folder.path)
    let decoder = ShardDecoder()
    for (number, sample) in samples.enumerated() { #expect(try set.read(at: number, using: decoder) == sample) }
    #expect(decoder.timings.storedByteCount > 0)
    #expect(decoder.timings.pictureByteCount > 0)
  }
}
