import DurableFiles
import Faults

/// Where the central directory of a ZIP archive lies, from the records at the end of the file (APPNOTE.TXT 4.3.14–16).
struct ZipDirectory {
  private(set) var range: Range<Int>
  private(set) var memberCount: Int

  /// 16 Ki members with names of a thousand bytes.
  private static let byteLimit = 16 << 20
  private static let memberLimit = 1 << 14
  private static let endByteCount = 22
  private static let locatorByteCount = 20
  private static let wideEndByteCount = 56

  init(_ reader: FileReader) throws {
    let endOffset = try ZipDirectory.endOffset(reader)
    var end = ByteReader(
      try reader.read(at: endOffset, count: ZipDirectory.endByteCount), path: reader.path, offset: endOffset)
    _ = try end.bytes(4, "signature")
    var fields = Fields(
      disks: [UInt64(try end.integer(UInt16.self, "disk")), UInt64(try end.integer(UInt16.self, "disk"))],
      counts: [UInt64(try end.integer(UInt16.self, "count")), UInt64(try end.integer(UInt16.self, "count"))],
      byteCount: UInt64(try end.integer(UInt32.self, "size")), offset: UInt64(try end.integer(UInt32.self, "offset")))
    var limit = endOffset
    if let wide = try ZipDirectory.wideEnd(reader, before: endOffset) {
      guard wide.fields.agrees(with: fields) else {
        throw Fault(.badData, "The two ends of the ZIP directory differ", at: reader.path)
      }
      (fields, limit) = (wide.fields, wide.offset)
    }
    guard fields.disks == [0, 0], fields.counts[0] == fields.counts[1] else {
      throw Fault(.badData, "An archive in several parts", at: "\(reader.path): byte \(limit)")
    }
    guard let offset = Int(exactly: fields.offset), let byteCount = Int(exactly: fields.byteCount),
      let memberCount = Int(exactly: fields.counts[0]), offset <= limit, byteCount == limit - offset,
      byteCount <= ZipDirectory.byteLimit, memberCount <= ZipDirectory.memberLimit
    else {
      let what =
        "\(fields.counts[0]) members in \(fields.byteCount) bytes at byte \(fields.offset): no directory that ends here"
      throw Fault(.badData, what, at: "\(reader.path): byte \(limit)")
    }
    (range, self.memberCount) = (offset..<limit, memberCount)
  }

  /// The end record: the last whose comment reaches exactly to the end of the file.
  private static func endOffset(_ reader: FileReader) throws -> Int {
    let window = min(reader.byteCount, endByteCount + Int(UInt16.max))
    let bytes = try reader.read(at: reader.byteCount - window, count: window)
    var place = window - endByteCount
    while place >= 0 {
      if bytes[place] == 0x50, bytes[place..<place + 4].elementsEqual([0x50, 0x4B, 0x05, 0x06]),
        Int(bytes[place + 20]) | Int(bytes[place + 21]) << 8 == window - endByteCount - place
      {
        return reader.byteCount - window + place
      }
      place -= 1
    }
    throw Fault(
      .badData, "The ZIP archive has no directory at its end", at: reader.path,
      remedy: "The file was cut or added to: copy it again")
  }

  /// The ZIP64 end record, where a locator before the other end record says that there is one.
  private static func wideEnd(_ reader: FileReader, before end: Int) throws -> (fields: Fields, offset: Int)? {
    guard end >= locatorByteCount else { return nil }
    var locator = ByteReader(
      try reader.read(at: end - locatorByteCount, count: locatorByteCount), path: reader.path,
      offset: end - locatorByteCount)
    guard try locator.integer(UInt32.self, "signature") == 0x0706_4B50 else { return nil }
    _ = try locator.bytes(4, "disk")
    let offset = try locator.count("offset of the ZIP64 end", limit: end - locatorByteCount)
    guard end - locatorByteCount - offset == wideEndByteCount else {
      throw Fault(.badData, "The ZIP64 end is not where it is said to be", at: "\(reader.path): byte \(offset)")
    }
    var record = ByteReader(
      try reader.read(at: offset, count: wideEndByteCount), path: reader.path, offset: offset)
    let isEnd = try record.integer(UInt32.self, "signature") == 0x0606_4B50
    guard isEnd, try record.count("size of the ZIP64 end") == wideEndByteCount - 12 else {
      throw Fault(.badData, "No ZIP64 end where one was expected", at: "\(reader.path): byte \(offset)")
    }
    _ = try record.bytes(4, "versions")
    let fields = try Fields(
      disks: [UInt64(record.integer(UInt32.self, "disk")), UInt64(record.integer(UInt32.self, "disk"))],
      counts: [record.integer(UInt64.self, "count"), record.integer(UInt64.self, "count")],
      byteCount: record.integer(UInt64.self, "size"), offset: record.integer(UInt64.self, "offset"))
    return (fields, offset)
  }
}

extension ZipDirectory {
  /// What both end records say, the plain one in 16 and 32 bits.
  private struct Fields {
    var disks: [UInt64]
    var counts: [UInt64]
    var byteCount: UInt64
    var offset: UInt64

    /// Whether each number of `narrow` is the same, or all ones: too large for its bits.
    func agrees(with narrow: Fields) -> Bool {
      func agree(_ wide: UInt64, _ narrow: UInt64, _ ones: UInt64) -> Bool { narrow == wide || narrow == ones }
      return zip(disks + counts, narrow.disks + narrow.counts).allSatisfy { agree($0, $1, UInt64(UInt16.max)) }
        && agree(byteCount, narrow.byteCount, UInt64(UInt32.max)) && agree(offset, narrow.offset, UInt64(UInt32.max))
    }
  }
}
