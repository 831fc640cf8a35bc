import DurableFiles
import Faults
import Foundation
import ShardFormat
import Testing

/// Single shards, built alone and assembled to a set.
@Suite struct ShardFileTests {
  let folder: TemporaryFolder
  let configuration = SampleFixtures.configuration

  init() throws { folder = try TemporaryFolder() }

  private func build(_ number: Int, _ entries: [Int: Sample], leavingOut: [Int] = []) throws {
    let encoder = try ShardEncoder(configuration: configuration)
    let writer = try ShardFileWriter(
      folder: folder.path, number: number, configuration: configuration, sourceHash: UInt64(number) + 77)
    for place in (entries.keys + leavingOut).sorted() {
      if let sample = entries[place] {
        try writer.append(encoder.encode(sample), place: place)
      } else {
        writer.leaveOut(LeftOutSample(place: place, id: "id-\(place)", cause: "bad data", message: "\"A\"\nB"))
      }
    }
    try writer.finish()
  }

  @Test func shardsBuiltInAnyOrderMakeOneSet() throws {
    try build(2, [0: SampleFixtures.sample(5)])
    try build(0, [1: SampleFixtures.sample(1), 4: SampleFixtures.sample(2)], leavingOut: [0, 2, 3])
    try build(1, [:], leavingOut: [8])  // nothing of it could be read
    let index = try ShardSetIndex.assemble(folder: folder.path, configuration: configuration, shardCount: 3)
    #expect(index.shards.map(\.sampleCount) == [2, 0, 1])
    #expect(index.shards.map(\.leftOutCount) == [3, 1, 0])
    #expect(index.leftOutCount == 4)
    let set = try ShardSet(folder: folder.path)
    #expect(set.index == index)
    let decoder = ShardDecoder()
    #expect(
      try (0..<3).map { try set.read(at: $0, using: decoder) } == [1, 2, 5].map { SampleFixtures.sample($0) })
    #expect((0..<3).map { set.shardNumber(of: $0) } == [0, 0, 2])
    #expect(try ShardVerification.verify(folder: folder.path).isClean)
  }

  @Test func zerosAreNoEmbedding() throws {
    var sample = SampleFixtures.sample(2)
    sample.titleEmbedding = [0, -0.0, 1e-12, 0]  // the third is 0 in 16 bits
    try build(0, [0: sample])
    _ = try ShardSetIndex.assemble(folder: folder.path, configuration: configuration, shardCount: 1)
    let read = try ShardSet(folder: folder.path).read(at: 0, using: ShardDecoder())
    #expect(read.titleEmbedding.isEmpty && read.asrEmbedding == sample.asrEmbedding && !read.asrEmbedding.isEmpty)
  }

  @Test func aShardTellsWhatItWasMadeOf() throws {
    try build(3, [1: SampleFixtures.sample(1), 4: SampleFixtures.sample(2)], leavingOut: [0, 2])
    let file = try ShardFile(folder: folder.path, number: 3, configuration: configuration)
    #expect(file.sourceHash == 80)
    #expect(file.places == [1, 4])
    #expect(file.leftOut.map(\.place) == [0, 2])
    #expect(file.leftOut.first?.message == "\"A\"\nB")
    try file.verify()
  }

  @Test func storedSamplesCanBeCopied() throws {
    let samples = [0: SampleFixtures.sample(0), 3: SampleFixtures.sample(1), 5: SampleFixtures.sample(6)]
    try build(0, samples)
    let whole = try FileReader.contents(of: folder.path + "/shard-00000.sgmn", limit: .max)
    let file = try ShardFile(folder: folder.path, number: 0, configuration: configuration)
    let encoder = try ShardEncoder(configuration: configuration)
    let copies = try (0..<3).map { try file.encodedSample(at: $0) }
    for (number, place) in file.places.enumerated() {
      let sample = try #require(samples[place])
      #expect(try copies[number] == encoder.encode(sample))
      #expect(try EncodedSample(serialized: copies[number].serialized, configuration: configuration) == copies[number])
    }
    let writer = try ShardFileWriter(folder: folder.path, number: 0, configuration: configuration, sourceHash: 77)
    for (number, place) in file.places.enumerated() { try writer.append(copies[number], place: place) }
    try writer.finish()
    #expect(try FileReader.contents(of: folder.path + "/shard-00000.sgmn", limit: .max) == whole)
  }

  @Test func aWriterThatIsReleasedLeavesNothing() throws {
    do {
      let writer = try ShardFileWriter(
        folder: folder.path, number: 0, configuration: configuration, sourceHash: 0)
      try writer.append(ShardWriter.encode(SampleFixtures.sample(0), configuration: configuration), place: 0)
    }
    #expect(try DurableFile.names(in: folder.path).isEmpty)
    #expect(throws: Fault.self) { try ShardFile(folder: folder.path, number: 0, configuration: configuration) }
  }

  @Test func cutSerializedSamplesAreRefused() throws {
    let bytes = try ShardWriter.encode(SampleFixtures.sample(0), configuration: configuration).serialized
    for count in stride(from: 0, to: bytes.count, by: 13) {
      let fault = try #require(throws: Fault.self) {
        _ = try EncodedSample(serialized: Array(bytes[..<count]), configuration: configuration)
      }
      #expect(fault.code == .badData)
    }
  }

  @Test func damagedBytesAreNotCopied() throws {
    try build(0, [0: SampleFixtures.sample(0)])
    let path = folder.path + "/shard-00000.sgmn"
    var bytes = try FileReader.contents(of: path, limit: .max)
    bytes[300] ^= 4
    try DurableFile.write(bytes, to: path)
    let file = try ShardFile(folder: folder.path, number: 0, configuration: configuration)
    #expect(throws: Fault.self) { try file.encodedSample(at: 0) }
    #expect(throws: Fault.self) { try file.verify() }
  }
}
