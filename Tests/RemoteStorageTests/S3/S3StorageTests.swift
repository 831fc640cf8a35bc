import Faults
import Foundation
import Testing

@testable import RemoteStorage

/// Against an emulator that computes every signature itself (by botocore) and refuses wrong ones.
@Suite(
  .serialized, .enabled(if: S3Server.python != nil, "moto is not here: run scripts/test-servers"),
  .timeLimit(.minutes(10)))
struct S3StorageTests {
  @Test func objectsAreReadAndRefused() throws {
    let server = try #require(S3Server())
    let location = "s3://shards/train/v 2"
    let storage = try ShardLocation.storage(for: location, settings: server.settings(.reader))
    #expect(storage.location == location)
    #expect(try storage.contents(of: "shard-00000.sgmn", limit: 1 << 20) == server.bytes)
    #expect(try storage.contents(of: "a b.bin", limit: 3) == [1, 2, 3])
    #expect(try storage.byteCount(of: "shard-00000.sgmn") == 300_000)
    let shard = try storage.open("shard-00000.sgmn")
    #expect(shard.path == "s3://shards/train/v 2/shard-00000.sgmn")
    for range in [0..<10, 1_000..<2_000, 299_000..<300_000, 0..<300_000] {
      #expect(try shard.bytes(range) == Array(server.bytes[range]))
    }

    func refusal(_ user: S3Server.User, _ location: String = location, _ name: String = "shard-00000.sgmn") -> Fault {
      let fault = fault { _ = try ShardLocation.storage(for: location, settings: server.settings(user)).open(name) }
      let secret = server.environment(user)["AWS_SECRET_ACCESS_KEY"]
      #expect(secret == nil || !fault.description.contains(secret!))
      return fault
    }
    let missing = refusal(.reader, location, "shard-00001.sgmn")
    #expect(missing.code == .inputMissing && missing.what.contains("NoSuchKey"), "\(missing)")
    let forged = refusal(.forger)
    #expect(forged.code == .permission && forged.what.contains("SignatureDoesNotMatch"), "\(forged)")
    #expect(forged.remedy?.contains("AWS_ACCESS_KEY_ID") == true)
    #expect(refusal(.unknown).what.contains("InvalidAccessKeyId"))
    let stranger = refusal(.stranger)
    #expect(stranger.code == .permission && stranger.what.contains("AccessDenied"), "\(stranger)")
    let nobody = refusal(.nobody)
    #expect(nobody.code == .permission && nobody.remedy?.hasPrefix("No credentials were found") == true, "\(nobody)")
  }

  @Test func aCacheIsFilledFromABucket() throws {
    let server = try #require(S3Server(isOpen: true))
    let folder = TemporaryFolder()
    // Nobody signs here: as with a public bucket.
    let storage = try ShardLocation.storage(
      for: "s3://shards/train/v 2/", cache: CacheSettings(folder: folder.path, byteLimit: 1 << 20),
      settings: server.settings(.nobody))
    let cached = try #require(storage as? CachedStorage)
    let shard = try cached.open("shard-00000.sgmn")
    #expect(try shard.bytes(0..<300_000) == server.bytes)
    #expect(try cached.open("shard-00000.sgmn").bytes(5..<9) == Array(server.bytes[5..<9]))
    #expect(cached.cacheUsage.downloadCount == 1 && cached.cacheUsage.hitCount == 1)
    let noBucket = fault {
      _ = try ShardLocation.storage(for: "s3://no-such-bucket/x", settings: server.settings(.nobody)).open("a")
    }
    #expect(noBucket.code == .inputMissing && noBucket.what.contains("NoSuchBucket"), "\(noBucket)")
    #expect(noBucket.remedy?.contains("127.0.0.1") == true)
  }
}
