import DurableFiles
import Faults
import Foundation
import ShardFormat
import Testing

@testable import RemoteStorage

/// Whole sets of shards, read from a server.
@Suite(.enabled(if: FaultServer.isAvailable, "python3 is not here: no server to read from"), .timeLimit(.minutes(10)))
struct RemoteSetTests {
  private static let configuration = ShardConfiguration(
    resolution: 16, maximumFrameCount: 4, samplesPerShard: 5, textEncoder: "test", textWidth: 2,
    tokens: TokenShape(width: 2, maximumCount: 4))

  private static func sample(_ number: Int) -> Sample {
    let pixels = { (count: Int, salt: Int) in FaultServer.bytes("pixels \(number) \(salt)", count * 16 * 16 * 3) }
    return Sample(
      clipID: "clip-\(number)", imageID: "image-\(number / 2)", liveID: "live", productID: "product-\(number / 2)",
      categoryID: "hats", title: "Hat \(number)", asr: "a hat", tags: [:], rightImageIDs: ["image-\(number / 2)"],
      frameIndices: (0..<Int32(1 + number % 4)).map { $0 * 2 }, frames: pixels(1 + number % 4, 1),
      image: FaultServer.bytes("image \(number / 2)", 16 * 16 * 3), titleEmbedding: [1, 2], asrEmbedding: [],
      tokens: SampleTokens(title: TokenFeatures([Float(number), 1, 2, 3], count: 2)))
  }

  private static func build(_ folder: String) throws {
    let writer = try ShardWriter(folder: folder, configuration: configuration)
    for number in 0..<12 { try writer.append(sample(number)) }
    try writer.finish()
  }

  @Test func aSetOnAServerIsTheSetInTheFolder() throws {
    let server = try #require(FaultServer())
    try Self.build(server.files.path)
    let local = try ShardSet(folder: server.files.path)
    let folder = TemporaryFolder()
    // Every address fails at first.
    let faults = "status=503,times=1"
    let cached = try server.cached(faults, CacheSettings(folder: folder.path, byteLimit: 1 << 20))
    for storage in [try server.folder(faults), cached] as [any ShardStorage] {
      let set = try ShardSet(storage: storage)
      try (storage as? CachedStorage)?.expect(set.index)
      try set.checkFiles()
      #expect(set.fingerprint == local.fingerprint && set.count == 12)
      let (decoder, localDecoder) = (ShardDecoder(), ShardDecoder())
      for number in 0..<12 {
        #expect(try set.read(at: number, using: decoder) == local.read(at: number, using: localDecoder))
      }
    }
    #expect(cached.cacheUsage.downloadCount == 3 && folder.names.count == 3)
  }

  @Test func aDamagedShardDoesNotReachTheCache() throws {
    let server = try #require(FaultServer())
    try Self.build(server.files.path)
    let folder = TemporaryFolder()
    let storage = try server.cached("ok", CacheSettings(folder: folder.path, byteLimit: 1 << 20))
    let set = try ShardSet(storage: storage)
    try storage.expect(set.index)
    // One bit in the middle of the pixels of the second shard.
    let path = "\(server.files.path)/shard-00001.sgmn"
    var bytes = try FileReader.contents(of: path, limit: 1 << 20)
    bytes[bytes.count / 3] ^= 4
    try DurableFile.write(bytes, to: path)
    #expect(try set.read(at: 0, using: ShardDecoder()).clipID == "clip-0")
    let damaged = fault { _ = try set.read(at: 5, using: ShardDecoder()) }
    #expect(damaged.code == .badData && damaged.description.contains("shard-00001.sgmn"), "\(damaged)")
    #expect(folder.names.count == 1)
  }

  @Test func aSetThatIsNotThereIsMissing() throws {
    let server = try #require(FaultServer())
    let missing = fault { _ = try ShardSet(storage: server.folder("ok")) }
    #expect(missing.code == .inputMissing && missing.place == server.location("ok/index.sgmn"), "\(missing)")
    try Self.build(server.files.path)
    try DurableFile.remove("\(server.files.path)/shard-00002.sgmn")
    let set = try ShardSet(storage: server.folder("ok"))
    let shard = fault { try set.checkFiles() }
    #expect(shard.code == .inputMissing && shard.what == "A shard of the set is missing")
  }
}
