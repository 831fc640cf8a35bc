import Foundation
import Testing

@testable import RemoteStorage

@Suite struct CacheFolderTests {
  private let folder = TemporaryFolder()

  private func entry(_ name: String, _ byteCount: Int) -> CacheEntry {
    CacheEntry(name: name, byteCount: byteCount, identity: 1)
  }

  private func admitted(_ admission: CacheFolder.Admission) -> CachePart? {
    if case .fetch(let part) = admission { part } else { nil }
  }

  private func fill(_ cache: CacheFolder, _ entry: CacheEntry) throws {
    let part = try #require(admitted(cache.admit(entry)))
    try [UInt8](repeating: 1, count: entry.byteCount).withUnsafeBytes { try part.write($0, at: 0) }
    try cache.finish(part, entry)
  }

  private var openFileCount: Int { (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0 }

  @Test func oneFetchesAndTheOthersWait() throws {
    let cache = try CacheFolder(path: "\(folder.path)/a/b", byteLimit: 100)
    let other = try CacheFolder(path: "\(folder.path)/a/b", byteLimit: 100)
    let wanted = entry("x", 60)
    var first = try admitted(cache.admit(wanted))
    #expect(first != nil)
    #expect(try admitted(other.admit(wanted)) == nil)
    // What is being fetched keeps its room, though it has no bytes yet.
    #expect(try admitted(other.admit(entry("y", 41))) == nil)
    #expect(try admitted(other.admit(entry("z", 40))) != nil)
    first = nil  // as if its process had died
    let second = try #require(admitted(other.admit(wanted)))
    try [UInt8](repeating: 1, count: 60).withUnsafeBytes { try second.write($0, at: 0) }
    #expect(!cache.holds(wanted))
    try other.finish(second, wanted)
    #expect(cache.holds(wanted))
    if case .ready = try cache.admit(wanted) {} else { Issue.record("the file is not found") }
  }

  @Test func deadPartsMakeRoomInTheirTurn() throws {
    let cache = try CacheFolder(path: folder.path, byteLimit: 100)
    try withExtendedLifetime(cache.admit(entry("dead", 50))) { _ in }
    usleep(20_000)  // the clock of files ticks every few milliseconds
    try fill(cache, entry("full", 50))
    #expect(folder.names.count == 2)
    try fill(cache, entry("new", 50))
    #expect(folder.names == [entry("full", 50).fileName, entry("new", 50).fileName].sorted())
    #expect(cache.evictions == 1)
  }

  @Test func aFileOfAnotherSizeIsNotTheShard() throws {
    let cache = try CacheFolder(path: folder.path, byteLimit: 100)
    let wanted = entry("x", 50)
    try Data([1, 2, 3]).write(to: URL(fileURLWithPath: cache.path(of: wanted)))
    #expect(!cache.holds(wanted))
    #expect(try admitted(cache.admit(wanted)) != nil)
  }

  @Test func waitingLeavesNoFilesOpen() throws {
    let cache = try CacheFolder(path: folder.path, byteLimit: 100)
    let holder = try admitted(cache.admit(entry("x", 60)))
    let before = openFileCount
    for _ in 0..<200 {
      _ = try cache.admit(entry("x", 60))
      _ = try cache.admit(entry("y", 60))
    }
    // Other tests run beside this one and open files too, but not hundreds.
    #expect(openFileCount < before + 150)
    withExtendedLifetime(holder) {}
  }
}
