import DurableFiles
import Faults
import Foundation
import Randomness
import Testing

@testable import ShardBuilding

@Suite struct TarReaderTests {
  func members(_ path: String) throws -> [TarReader.Member] {
    let reader = try TarReader(path: path)
    var members: [TarReader.Member] = []
    while let member = try reader.next() { members.append(member) }
    return members
  }

  func members(of bytes: [UInt8], in folder: String) throws -> [TarReader.Member] {
    try writeBytes(bytes, to: folder + "/a.tar")
    return try members(folder + "/a.tar")
  }

  @Test(arguments: ["ustar", "gnu", "pax", "v7"])
  func `archives of the system's tar, with long names, links and folders`(_ format: String) throws {
    try withFolder { folder in
      var names = ["a.jpg", "sub/b.json", "sub/" + String(repeating: "n", count: 60) + "/c.txt"]
      if format != "v7" {
        names.append("sub/" + String(repeating: "m", count: 90) + "/" + String(repeating: "k", count: 80))
      }
      if format == "gnu" || format == "pax" {
        names.append((0..<3).map { _ in String(repeating: "长", count: 60) }.joined(separator: "/") + "/d")
      }
      for (number, name) in names.enumerated() {
        try write(String(repeating: "x", count: 511 * number) + name, to: folder + "/in/" + name)
      }
      try FileManager.default.createSymbolicLink(atPath: folder + "/in/link", withDestinationPath: "a.jpg")
      try FileManager.default.linkItem(atPath: folder + "/in/a.jpg", toPath: folder + "/in/z-hard")
      let tar = ["--format=" + format, "-cf", folder + "/t.tar", "-C", folder + "/in"]
      #expect(try runProgram("/usr/bin/tar", tar + ["--sort=name", "."], in: folder) == 0)
      let found = try members(folder + "/t.tar")
      let file = try FileReader(folder + "/t.tar")
      #expect(Set(found.map { $0.name.trimmingPrefix("./") }.map(String.init)) == Set(names))
      for member in found {
        let data = try file.read(at: member.dataOffset, count: member.byteCount)
        let name = String(member.name.trimmingPrefix("./"))
        #expect(String(decoding: data, as: UTF8.self).hasSuffix(name))
        #expect(try TarReader.member(at: member.headerOffset, in: file).byteCount == member.byteCount)
      }
    }
  }

  @Test func `sizes in base 256, pax names, unknown kinds, padding of any length`() throws {
    try withFolder { folder in
      let large: [UInt8] = [0x80] + [UInt8](repeating: 0, count: 9) + [0x02, 0x01]
      let fields = TarFixture.record("mtime", "1.5") + TarFixture.record("path", "长/名.jpg")
      let bytes =
        TarFixture.header("b", 0, size: large) + TarFixture.padded(.init(repeating: 7, count: 513))
        + TarFixture.member("pax", Array(fields.utf8), flag: UInt8(ascii: "x")) + TarFixture.member("short", [1, 2])
        + TarFixture.member("what", [1], flag: UInt8(ascii: "V")) + TarFixture.member("empty", [])
        + TarFixture.end + .init(repeating: 0, count: 9000)
      let found = try members(of: bytes, in: folder)
      #expect(found.map(\.name) == ["b", "长/名.jpg", "empty"] && found.map(\.byteCount) == [513, 2, 0])
    }
  }

  @Test func `hostile archives are faults with their byte`() throws {
    try withFolder { folder in
      let good = TarFixture.member("a.jpg", [UInt8](repeating: 1, count: 700))
      func expect(_ bytes: [UInt8], _ what: String, at offset: Int, line: Int = #line) throws {
        #expect("line \(line)") { try members(of: bytes, in: folder) } throws: {
          let fault = $0 as? Fault
          return fault?.code == .badData && fault?.what.hasPrefix(what) == true
            && fault?.place == "\(folder)/a.tar: byte \(offset)"
        }
      }
      try expect([], "The archive has no end", at: 0)
      try expect(good, "The archive has no end", at: 1536)
      try expect(Array(good.prefix(1400)), "The archive has no end", at: 1400)
      try expect(Array(good.prefix(800)), "A member of 700 bytes, of which 288 are there", at: 0)
      try expect(Array(good.prefix(100)), "The archive ends early", at: 0)
      try expect(good + [UInt8](repeating: 9, count: 512), "Not a header", at: 1536)
      var flipped = good
      flipped[3] ^= 4
      try expect(flipped + TarFixture.end, "Not a header", at: 0)
      let sizes: [([UInt8], String)] = [
        (Array("7777777777777".prefix(12).utf8), "A member of 68719476735 bytes"),
        (Array("00000000xx8".utf8), "A header whose size"), (Array("-0000000001".utf8), "A header whose size"),
        (Array(repeating: 0x20, count: 12), "A header whose size"),
        (Array(repeating: 0xFF, count: 12), "A header whose size"),
        ([0x80, 0, 0, 0, 0x40] + Array(repeating: 0, count: 7), "A header whose size"),
        ([0x80] + Array(repeating: 0, count: 3) + [0x0F] + Array(repeating: 0xFF, count: 7), "A member of "),
      ]
      for (size, what) in sizes {
        try expect(TarFixture.header("a", 0, size: size) + TarFixture.end, what, at: 0)
      }
      try expect(TarFixture.member("a", [], flag: UInt8(ascii: "S")) + TarFixture.end, "A member in pieces", at: 0)
      for fields in ["8 path=a\n", "abc", "99999999 a=b\n", "5 a=b", "0 a=b\n"] {
        try expect(
          TarFixture.member("p", Array(fields.utf8), flag: UInt8(ascii: "x")) + good + TarFixture.end,
          "Damaged pax fields", at: 0)
      }
      let pax = TarFixture.member("p", Array(TarFixture.record("size", "701").utf8), flag: UInt8(ascii: "x"))
      try expect(pax + good + TarFixture.end, "A member whose size is told in two ways", at: 1024)
      let long = TarFixture.member("L", [UInt8](repeating: 65, count: 70_000), flag: UInt8(ascii: "L"))
      try expect(long + good + TarFixture.end, "A member of 70000 bytes where 65536", at: 0)
    }
  }

  @Test func `random damage never traps`() throws {
    try withFolder { folder in
      let pax = TarFixture.member("p", Array(TarFixture.record("path", "x.jpg").utf8), flag: UInt8(ascii: "x"))
      let long = TarFixture.member("L", Array("long-name.jpg\0".utf8), flag: UInt8(ascii: "L"))
      let original =
        pax + TarFixture.member("a.jpg", [1, 2, 3]) + long + TarFixture.member("b", [4])
        + TarFixture.member("b.json", TarFixture.row("z")) + TarFixture.end
      var random = RandomStream(seed: 3, "tar")
      for round in 0..<300 {
        var bytes = original
        for _ in 0..<1 + random.integer(below: 3) {
          bytes[random.integer(below: bytes.count)] ^= 1 << UInt8(random.integer(below: 8))
        }
        // Damage behind the checksum: the header is mended, so the fields themselves are read.
        if round % 2 == 0 {
          let start = 512 * random.integer(below: bytes.count / 512)
          bytes.replaceSubrange(start + 148..<start + 156, with: [UInt8](repeating: 0x20, count: 8))
          let sum = String(bytes[start..<start + 512].reduce(0) { $0 + Int($1) }, radix: 8)
          let text = String(repeating: "0", count: 6 - sum.utf8.count) + sum
          bytes.replaceSubrange(start + 148..<start + 156, with: Array(text.utf8) + [0, 0x20])
        }
        if round % 5 == 0 { bytes.removeLast(random.integer(below: bytes.count)) }
        do { _ = try members(of: bytes, in: folder) } catch { #expect(error is Fault) }
        let container = PictureContainer(path: folder + "/a.tar", kind: .tar)
        do { _ = try container.entries(number: 0) } catch { #expect(error is Fault) }
      }
    }
  }
}
