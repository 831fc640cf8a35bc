import Testing

@testable import RemoteStorage

@Suite struct CacheEntryTests {
  @Test func theNameOfAFileSaysWhatItHolds() throws {
    let entry = CacheEntry(name: "shard-00007.sgmn", byteCount: 1_234, identity: 0xAB)
    #expect(entry.fileName == "00000000000000ab-1234-shard-00007.sgmn")
    #expect(entry.partName == "00000000000000ab-1234-shard-00007.sgmn.part")
    for name in [entry.fileName, entry.partName] {
      let read = try #require(CacheEntry(fileName: name))
      #expect(read.name == "shard-00007.sgmn" && read.byteCount == 1_234 && read.identity == 0xAB)
    }
  }

  @Test(
    arguments: [
      "", ".lock", "notes.txt", "shard-00007.sgmn", "00000000000000ab-x-a", "00000000000000AB-1-a", "ab-1-a",
      "00000000000000ab--1-a", "00000000000000ab-01-a", "+0000000000000ab-1-a",
    ])
  func otherFilesAreNotTheCaches(name: String) { #expect(CacheEntry(fileName: name) == nil) }
}
