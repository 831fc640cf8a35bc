import DurableFiles
import Faults

@testable import ShardBuilding

extension FuzzTarget {
  /// A tar archive, the checksums of its headers made right where the first byte is odd.
  static let tar = FuzzTarget(name: "tar") {
    let row = Array(#"{"url": "https://x/id-1.jpg?y", "status": "success"}"#.utf8)
    let plain = member("0001.jpg", [1, 2, 3]) + member("0001.json", row) + end
    let long = member("././@LongLink", Array("a/long/name.jpg\0".utf8), flag: "L") + member("short", [9], flag: "0")
    let fields = member("fields", Array("18 path=b/c/d.png\n9 size=2\n".utf8), flag: "x")
    return [plain, long + end, fields + member("x", [7, 8]) + end, member("folder/", [], flag: "5") + end].map {
      [1] + $0
    }
  } parse: { input in
    guard let mode = input.first else { return }
    var bytes = Array(input.dropFirst())
    if mode & 1 == 1 { seal(&bytes) }
    try MemoryFile.with(bytes, named: "archive.tar") { folder in
      let path = folder + "/archive.tar"
      let reader = try TarReader(path: path)
      var names: [String] = []
      while let member = try reader.next() {
        names.append(member.name)
        let again = try TarReader.member(at: member.headerOffset, in: reader.file)
        try Finding.unless(again.byteCount == member.byteCount, "a member of two sizes")
        let data = try reader.data(of: member, limit: 1 << 16)
        try Finding.unless(data.count == member.byteCount, "\(data.count) bytes of \(member.byteCount)")
        _ = DownloadedRow.pictureID(data)
      }
      let entries = try PictureContainer(path: path, kind: .tar).entries(number: 0)
      try Finding.unless(entries.count <= names.count, "more pictures than members")
    }
  }

  private static let end = [UInt8](repeating: 0, count: 1024)

  private static func member(_ name: String, _ data: [UInt8], flag: Unicode.Scalar = "0") -> [UInt8] {
    var header = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, at offset: Int) {
      header.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8)
    }
    put(name, at: 0)
    put("0000644", at: 100)
    let octal = String(data.count, radix: 8)
    put(String(repeating: "0", count: 11 - octal.utf8.count) + octal, at: 124)
    header[156] = UInt8(flag.value)
    put("ustar\u{0}00", at: 257)
    var member = header + data + [UInt8](repeating: 0, count: (512 - data.count % 512) % 512)
    seal(&member)
    return member
  }

  /// Writes the checksum of every header that the headers before it lead to.
  private static func seal(_ archive: inout [UInt8]) {
    var start = 0
    while start + 512 <= archive.count, archive[start..<start + 512].contains(where: { $0 != 0 }) {
      for place in start + 148..<start + 156 { archive[place] = 0x20 }
      let octal = String(archive[start..<start + 512].reduce(0) { $0 + Int($1) }, radix: 8)
      let digits = String(repeating: "0", count: 6 - octal.utf8.count) + octal
      archive.replaceSubrange(start + 148..<start + 156, with: Array(digits.utf8) + [0, 0x20])
      let header = (try? TarHeader.parse(archive[start..<start + 512])) ?? nil
      let (next, overflow) = start.addingReportingOverflow(512 + (header?.paddedByteCount ?? 0))
      guard !overflow else { return }
      start = next
    }
  }
}
