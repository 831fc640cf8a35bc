import DurableFiles
import Faults
import Foundation
import MediaDecoding
import Testing

@testable import ShardBuilding

@Suite struct PictureStoreTests {
  func bytes(_ location: MediaLocation) throws -> [UInt8] {
    let file = try FileReader(location.path)
    return try file.read(at: location.offset ?? 0, count: location.byteCount ?? file.byteCount)
  }

  @Test func `img2dataset's webdataset: ids from urls, failed rows left out, texts ignored`() throws {
    try withFolder { folder in
      func sample(_ key: String, _ id: String, _ data: [UInt8], status: String = "success") -> [UInt8] {
        TarFixture.member(key + ".jpg", data) + TarFixture.member(key + ".json", TarFixture.row(id, status: status))
          + TarFixture.member(key + ".txt", Array("a caption".utf8))
      }
      let rest = TarFixture.member("000000009.jpg", [9])
      try writeBytes(
        sample("000000000", "f-0001", [1]) + sample("000000001", "f-0002", [2, 2], status: "failed") + rest
          + TarFixture.end, to: folder + "/in/00000.tar")
      try writeBytes(sample("000010000", "f-0003", [3, 3, 3]) + TarFixture.end, to: folder + "/in/00001.tar")
      try write("{}", to: folder + "/in/00000_stats.json")
      try write("PAR1", to: folder + "/in/00000.parquet")
      // Two ranks' parts in any order are the index of one.
      let parts = try (0..<2).map { try PictureStore.scan([folder + "/in"], share: ($0, 2), threadCount: 2) }
      for entries in [parts[0] + parts[1], parts[1] + parts[0]] {
        let store = try PictureStore([folder + "/in"], entries: entries)
        #expect(store.indexedCount == 2)
        #expect(try bytes(store.picture("f-0001")) == [1] && bytes(store.picture("f-0003")) == [3, 3, 3])
        for id in ["f-0002", "000000009", "none"] {
          #expect { try store.picture(id) } throws: { ($0 as? Fault)?.code == .inputMissing }
        }
      }
      #expect(throws: Fault.self) { try PictureStore([folder + "/in/00000.tar"], entries: parts[1]) }
    }
  }

  @Test func `img2dataset's files, plain archives, groups and flat folders, over several places`() throws {
    try withFolder { folder in
      try writeBytes([1], to: folder + "/a/00000/000000003.jpg")
      try writeBytes(TarFixture.row("img9"), to: folder + "/a/00000/000000003.json")
      try writeBytes(TarFixture.row("img7", status: "failed"), to: folder + "/a/00000/000000004.json")
      try write("not json", to: folder + "/a/00000/000000005.json")
      try writeBytes([2], to: folder + "/b/clip/clip-0001.png")
      try writeBytes([3], to: folder + "/b/deep/frames/deep-0001.JPG")
      try writeBytes([4], to: folder + "/b/flat.webp")
      try writeBytes([5], to: folder + "/b/live/images/1-2-3-4-5-0.jpg")
      try writeBytes(
        TarFixture.member("v/clip2/", [], flag: 0x35) + TarFixture.member("v/clip2/clip2-0001.jpg", [6])
          + TarFixture.end,
        to: folder + "/c.tar")
      let store = try PictureStore([folder + "/a", folder + "/b", folder + "/c.tar"], threadCount: 2)
      func found(_ id: String, _ group: String? = nil) throws -> [UInt8] { try bytes(store.picture(id, group: group)) }
      #expect(try found("img9") == [1] && found("clip-0001", "clip") == [2] && found("deep-0001", "deep") == [3])
      #expect(try found("flat") == [4] && found("1-2-3-4-5", "live") == [5] && found("clip2-0001", "clip2") == [6])
      #expect(try store.pictures(group: "deep")?.map(\.path) == [folder + "/b/deep/frames/deep-0001.JPG"])
      #expect(try store.pictures(group: "live")?.count == 1 && store.pictures(group: "none") == nil)
      for id in ["img7", "000000004", "clip-0001"] {
        #expect { try store.picture(id) } throws: { ($0 as? Fault)?.code == .inputMissing }
      }
      for id in ["../flat", "", ".", "..", "a\u{0}b", "/etc/passwd", String(repeating: "x", count: 300)] {
        #expect { try store.picture(id) } throws: { ($0 as? Fault)?.code == .badData }
        #expect { try store.picture("x", group: id) } throws: { ($0 as? Fault)?.code == .badData }
      }
    }
  }

  @Test func `pictures of any size in an archive`() throws {
    try withFolder { folder in
      let sizes = [0, 1, 511, 512, 513, 65_534, 65_535, 65_536, 200_000]
      let data = sizes.map { [UInt8](repeating: UInt8($0 % 251), count: $0) }
      let members = zip(sizes, data).flatMap { TarFixture.member("s\($0).jpg", $1) }
      try writeBytes(members + TarFixture.end, to: folder + "/a.tar")
      let store = try PictureStore([folder + "/a.tar"])
      for (size, data) in zip(sizes, data) { #expect(try bytes(store.picture("s\(size)")) == data) }
    }
  }

  @Test func `an archive that changes is noticed`() throws {
    try withFolder { folder in
      let path = folder + "/a.tar"
      try writeBytes(TarFixture.member("x.jpg", [1]) + TarFixture.end, to: path)
      let store = try PictureStore([path])
      try writeBytes([UInt8](repeating: 1, count: 2048), to: path)
      #expect { try store.picture("x") } throws: { ($0 as? Fault)?.what.hasPrefix("No member") == true }
      #expect { try PictureStore([folder + "/none"]) } throws: { ($0 as? Fault)?.code == .inputMissing }
      try write("x", to: folder + "/a.zip")
      #expect { try PictureStore([folder + "/a.zip"]) } throws: { ($0 as? Fault)?.code == .usage }
    }
  }
}
