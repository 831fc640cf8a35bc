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
    let plain = ShardConfiguration(resolution: 1, maximumFrameCount: 1)
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
    #expect(unfinished.remedy != nil)
  }

  @Test func aMissingSwappedOrOlderShardIsFoundAtOpening() throws {
    try SampleFixtures.build(folder.path, count: 40)
    let first = folder.path + "/shard-00000.sgmn"
    let second = folder.path + "/shard-00001.sgmn"
    let bytes = try FileReader.contents(of: first, limit: .max)

    try DurableFile.write(FileReader.contents(of: second, limit: .max), to: first)
    #expect(try #require(throws: Fault.self) { try ShardSet(folder: folder.path) }.code == .badData)

    // The same shard of a build with one other picture: right in itself, and not of this set.
    let other = try TemporaryFolder()
    let writer = try ShardWriter(folder: other.path, configuration: SampleFixtures.configuration)
    for number in 0..<40 {
      var sample = SampleFixtures.sample(number)
      if number == 0 { sample.title = String(sample.title.reversed()) }
      try writer.append(sample)
    }
    try writer.finish()
    try DurableFile.write(FileReader.contents(of: other.path + "/shard-00000.sgmn", limit: .max), to: first)
    let stale = try #require(throws: Fault.self) { try ShardSet(folder: folder.path) }
    #expect(stale.code == .badData)
    #expect(stale.place?.contains("shard-00000.sgmn") == true)
    #expect(stale.remedy?.contains("sgmn-shard verify") == true)

    try DurableFile.write(bytes, to: first)
    #expect(try ShardSet(folder: folder.path).count == 40)
    try DurableFile.remove(second)
    let missing = try #require(throws: Fault.self) { try ShardSet(folder: folder.path) }
    #expect(missing.code == .inputMissing)
    #expect(missing.place?.contains("shard-00001.sgmn") == true)
  }
}
