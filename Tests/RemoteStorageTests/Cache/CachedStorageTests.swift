import DurableFiles
import Faults
import Foundation
import ShardFormat
import Testing
import Threads

@testable import RemoteStorage

@Suite(.enabled(if: FaultServer.isAvailable, "python3 is not here: no server to read from"), .timeLimit(.minutes(10)))
struct CachedStorageTests {
  private let server = FaultServer.shared!
  private let folder = TemporaryFolder()

  private func cache(_ byteLimit: Int, needed: Int = 1) -> CacheSettings {
    CacheSettings(folder: folder.path, byteLimit: byteLimit, neededShardCount: needed)
  }

  private func expected(_ bytes: [UInt8]) -> ExpectedObject {
    ExpectedObject(byteCount: bytes.count, hash: XXH3.hash(bytes))
  }

  private func fileName(_ name: String, _ bytes: [UInt8]) -> String {
    CacheEntry(name: name, byteCount: bytes.count, identity: XXH3.hash(bytes)).fileName
  }

  @Test func aShardIsFetchedOnce() throws {
    let bytes = server.put("once.bin", 50_000)
    for process in 0..<2 {
      let storage = try server.cached("ok,key=once", cache(60_000))
      try storage.expect(["once.bin": expected(bytes)])
      let shard = try storage.open("once.bin")
      #expect(try shard.bytes(0..<50_000) == bytes && shard.byteCount == 50_000)
      #expect(try storage.open("once.bin").bytes(49_999..<50_000) == [bytes[49_999]])
      #expect(try storage.byteCount(of: "once.bin") == 50_000)
      #expect(storage.cacheUsage.downloadCount == 1 - process && storage.cacheUsage.hitCount == 1 + process)
    }
    #expect(try server.requests("once").count == 1)
    #expect(folder.names == [fileName("once.bin", bytes)])
  }

  @Test func withoutAnIndexTheServersNameOfAnObjectCounts() throws {
    let bytes = server.put("unexpected.bin", 5_000)
    let location = "change=3,key=unexpected"
    // Request 1 asks what it is, 2 fetches; 3 asks again and finds it cached; 4 finds another object.
    for (process, right) in [bytes, bytes, bytes.map { $0 ^ 0x55 }].enumerated() {
      let storage = try server.cached(location, cache(20_000))
      #expect(try storage.open("unexpected.bin").bytes(0..<5_000) == right, "process \(process)")
    }
    #expect(try server.requests("unexpected").count == 5 && folder.names.count == 2)
    let bare = fault { _ = try server.cached("bare", cache(20_000)).open("unexpected.bin") }
    #expect(bare.what.contains("neither ETag nor Last-Modified"))
  }

  @Test func theIndexIsAlwaysTheServers() throws {
    let bytes = server.put("index.sgmn", 300)
    let storage = try server.cached("ok,key=index", cache(1_000))
    for _ in 0..<2 { #expect(try storage.contents(of: "index.sgmn", limit: 300) == bytes) }
    #expect(try server.requests("index").count == 2 && folder.names.isEmpty)
  }

  @Test func tooSmallACacheIsRefusedWithTheLeastThatWouldDo() throws {
    let storage = try server.cached("ok", cache(29_999, needed: 3))
    let objects = [
      "a.bin": ExpectedObject(byteCount: 10_000, hash: 1), "b.bin": ExpectedObject(byteCount: 9_000, hash: 2),
    ]
    let refused = fault { try storage.expect(objects) }
    #expect(refused.code == .configuration && refused.remedy == "Allow at least 30000 bytes (the largest is a.bin)")
    #expect(refused.what == "The cache may take 29999 bytes, too few for 3 shards of up to 10000 bytes")
    let enough = try server.cached("ok", cache(30_000, needed: 3))
    try enough.expect(objects)
    #expect(enough.shardCapacity == 3)
    _ = server.put("huge.bin", 30_001)
    #expect(fault { _ = try enough.open("huge.bin") }.code == .configuration)
    let huge = try server.cached("ok", cache(30_000, needed: .max))
    #expect(fault { try huge.expect(objects) }.code == .configuration)
  }

  @Test func theLeastRecentlyUsedMakesRoom() throws {
    let names = ["lru-a.bin", "lru-b.bin", "lru-c.bin"]
    let bytes = names.map { server.put($0, 10_000) }
    let storage = try server.cached("ok,key=lru", cache(25_000))
    try storage.expect(Dictionary(uniqueKeysWithValues: zip(names, bytes.map(expected))))
    try "mine".write(toFile: "\(folder.path)/notes.txt", atomically: false, encoding: .utf8)
    let first = try storage.open(names[0])
    _ = try storage.open(names[1])
    usleep(20_000)  // the clock of files ticks every few milliseconds
    _ = try storage.open(names[0])
    _ = try storage.open(names[2])
    #expect(Set(folder.names) == [fileName(names[0], bytes[0]), fileName(names[2], bytes[2]), "notes.txt"])
    #expect(storage.cacheUsage.evictionCount == 1)
    // A shard that is open and was removed is fetched again when it is read.
    usleep(20_000)
    _ = try storage.open(names[2])
    usleep(20_000)
    _ = try storage.open(names[1])
    #expect(!folder.names.contains(fileName(names[0], bytes[0])))
    #expect(try first.bytes(100..<200) == Array(bytes[0][100..<200]))
    #expect(folder.names.contains(fileName(names[0], bytes[0])))
    #expect(try server.requests("lru").count == 5)
  }

  @Test func aCutDownloadIsGoneOnWith() throws {
    let bytes = server.put("cut.bin", 100_000)
    let storage = try server.cached("cut=30000,times=3,key=cut-download", cache(200_000))
    try storage.expect(["cut.bin": expected(bytes)])
    #expect(try storage.open("cut.bin").bytes(0..<100_000) == bytes)
    #expect(
      try server.requests("cut-download").map(\.range)
        == [nil, "bytes=30000-99999", "bytes=60000-99999", "bytes=90000-99999"])
  }

  @Test func whatAnEarlierProcessLeftIsGoneOnWith() throws {
    let bytes = server.put("left.bin", 100_000)
    let part = "\(folder.path)/\(fileName("left.bin", bytes)).part"
    try Data(bytes[..<40_000]).write(to: URL(fileURLWithPath: part))
    let storage = try server.cached("ok,key=left", cache(200_000))
    try storage.expect(["left.bin": expected(bytes)])
    #expect(try storage.open("left.bin").bytes(0..<100_000) == bytes)
    #expect(try server.requests("left").map(\.range) == ["bytes=40000-99999"])
    #expect(folder.names == [fileName("left.bin", bytes)])
  }

  @Test func aCompletePartNeedsNoServer() throws {
    let bytes = FaultServer.bytes("complete.bin", 5_000)
    try Data(bytes).write(to: URL(fileURLWithPath: "\(folder.path)/\(fileName("complete.bin", bytes)).part"))
    let storage = try server.cached("status=500,key=complete", cache(200_000))
    try storage.expect(["complete.bin": expected(bytes)])
    #expect(try storage.open("complete.bin").bytes(0..<5_000) == bytes)
    #expect(try server.requests("complete").isEmpty)
  }

  @Test func wrongBytesOfAnEarlierProcessAreFetchedAgain() throws {
    let bytes = server.put("stale.bin", 50_000)
    let part = "\(folder.path)/\(fileName("stale.bin", bytes)).part"
    for stale in [[UInt8](repeating: 7, count: 20_000), [UInt8](repeating: 7, count: 60_000)] {
      try Data(stale).write(to: URL(fileURLWithPath: part))
      let storage = try server.cached("ok", cache(200_000))
      try storage.expect(["stale.bin": expected(bytes)])
      #expect(try storage.open("stale.bin").bytes(0..<50_000) == bytes)
      try FileManager.default.removeItem(atPath: "\(folder.path)/\(fileName("stale.bin", bytes))")
    }
  }

  @Test func anotherObjectThanTheIndexNamesNeverAppears() throws {
    let bytes = server.put("other.bin", 20_000)
    let storage = try server.cached("ok,key=other", cache(200_000))
    try storage.expect(["other.bin": ExpectedObject(byteCount: bytes.count, hash: 1)])
    let wrong = fault { _ = try storage.open("other.bin") }
    #expect(wrong.code == .badData && wrong.what.hasPrefix("The shard is not the one that the index names"))
    #expect(wrong.place == server.location("ok,key=other/other.bin"))
    #expect(try server.requests("other").count == 2 && folder.names.isEmpty)
    try storage.expect(["other.bin": ExpectedObject(byteCount: bytes.count + 5, hash: 1)])
    let size = fault { _ = try storage.open("other.bin") }
    #expect(size.code == .remoteUnavailable && size.what.contains("announces 20000 bytes, expected 20005"), "\(size)")
    try storage.expect(["none.bin": ExpectedObject(byteCount: 5, hash: 1)])
    #expect(fault { _ = try storage.open("none.bin") }.code == .inputMissing)
    #expect(folder.names.isEmpty)
  }

  @Test func aFullDiskIsAFaultOfThisMachine() throws {
    let bytes = server.put("disk.bin", 5_000)
    let storage = try server.cached("ok", cache(20_000))
    try storage.expect(["disk.bin": expected(bytes)])
    // In the place of a disk that is full: a part that cannot be written.
    try FileManager.default.createDirectory(
      atPath: "\(folder.path)/\(fileName("disk.bin", bytes)).part", withIntermediateDirectories: true)
    #expect(fault { _ = try storage.open("disk.bin") }.code == .inputOutput)
  }

  @Test func whatComesNextIsFetchedByOwnThreads() throws {
    let names = (0..<6).map { "next-\($0).bin" }
    let bytes = names.map { server.put($0, 20_000) }
    let storage = try server.cached("pace=5000,key=next", cache(200_000))
    try storage.expect(Dictionary(uniqueKeysWithValues: zip(names, bytes.map(expected))))
    storage.prefetch(names + ["missing.bin"])
    for _ in 0..<500 where storage.cacheUsage.downloadCount < 6 { usleep(10_000) }
    #expect(Set(folder.names) == Set(zip(names, bytes).map { fileName($0, $1) }))
    for (name, right) in zip(names, bytes) { #expect(try storage.open(name).bytes(0..<20_000) == right) }
    #expect(storage.cacheUsage.hitCount == 6)
  }

  @Test func storagesThatLookAheadAlikeShareTheWork() throws {
    let (slow, quick) = (server.put("ahead-slow.bin", 1_000_000), server.put("ahead-quick.bin", 1_000))
    var settings = cache(2_000_000)
    settings.downloadThreadCount = 1
    let storages = try (0..<2).map { _ in try server.cached("pace=1000,key=ahead", settings) }
    let names = ["ahead-slow.bin", "ahead-quick.bin"]
    let parts = [fileName(names[0], slow) + ".part", fileName(names[1], quick)]
    for (number, storage) in storages.enumerated() {
      try storage.expect([names[0]: expected(slow), names[1]: expected(quick)])
      storage.prefetch(names)
      for _ in 0..<500 where !folder.names.contains(parts[number]) { usleep(10_000) }
    }
    // The second does not wait for what the first fetches: it has fetched the next.
    #expect(Set(folder.names) == Set(parts))
    #expect(try server.requests("ahead").map(\.name) == names)
  }

  @Test func aStorageThatGoesStopsItsThreads() throws {
    let bytes = server.put("slow.bin", 1_000_000)
    var storage: CachedStorage? = try server.cached("pace=1000,key=stops", cache(2_000_000))
    try storage?.expect(["slow.bin": expected(bytes)])
    storage?.prefetch(["slow.bin"])
    for _ in 0..<500 where (storage?.networkUsage.byteCount ?? 0) == 0 { usleep(10_000) }
    storage = nil  // joins the threads
    // The part stays, to be gone on with.
    #expect(folder.names == [fileName("slow.bin", bytes) + ".part"])
  }

  @Test func threadsOfOneProcessFetchAShardOnce() throws {
    let bytes = server.put("threads.bin", 100_000)
    let storage = try server.cached("pace=10000,key=threads", cache(200_000))
    try storage.expect(["threads.bin": expected(bytes)])
    let results = Results()
    let threads = (0..<6).compactMap { _ in
      WorkerThread { results.add((try? storage.open("threads.bin").bytes(0..<100_000)) == bytes) }
    }
    for thread in threads { thread.join() }
    #expect(results.all == [Bool](repeating: true, count: 6))
    #expect(try server.requests("threads").count == 1)
    #expect(storage.cacheUsage.waitSeconds > 0 && storage.cacheUsage.downloadCount == 1)
  }
}
