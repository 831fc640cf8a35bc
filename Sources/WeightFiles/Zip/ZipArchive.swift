import DurableFiles
import Faults

/// The members of a ZIP archive by name, all of them checked before one is read: the directory and the local headers say
/// the same, every member lies before the directory, and no two overlap.
struct ZipArchive: Sendable {
  let members: [String: ZipMember]
  private let reader: FileReader

  init(_ reader: FileReader) throws {
    self.reader = reader
    let directory = try ZipDirectory(reader)
    var bytes = ByteReader(
      try reader.read(at: directory.range.lowerBound, count: directory.range.count), path: reader.path,
      offset: directory.range.lowerBound)
    var members: [String: ZipMember] = [:]
    for _ in 0..<directory.memberCount {
      var member = try ZipMember(&bytes, directoryOffset: directory.range.lowerBound)
      try member.locate(reader)
      guard members.updateValue(member, forKey: member.name) == nil else {
        throw bytes.fault("The member \(member.name.debugDescription) occurs twice")
      }
    }
    try bytes.expectEnd()
    self.members = members
    try checkPlaces(directoryOffset: directory.range.lowerBound)
  }

  private func checkPlaces(directoryOffset: Int) throws {
    let sorted = members.values.sorted { $0.headerOffset < $1.headerOffset }
    let starts = sorted.dropFirst().map(\.headerOffset) + [directoryOffset]
    for (member, start) in zip(sorted, starts) where member.end > start {
      throw Fault(
        .badData, "The member \(member.name.debugDescription) ends at byte \(member.end), in what starts at \(start)",
        at: reader.path)
    }
  }

  /// All bytes of a member, checked; `Fault(.badData)` where it is compressed or has more than `limit`.
  func contents(of member: ZipMember, limit: Int) throws -> [UInt8] {
    try member.expectPlain(path: reader.path)
    let place = "\(reader.path): member \(member.name.debugDescription)"
    guard member.byteCount <= limit else {
      throw Fault(.badData, "The member has \(member.byteCount) bytes, more than the limit of \(limit)", at: place)
    }
    let bytes = try reader.read(at: member.dataOffset, count: member.byteCount)
    try expect(CRC32.of(bytes), of: member)
    return bytes
  }

  /// Some bytes of a member.
  func bytes(_ range: Range<Int>, of member: ZipMember) throws -> [UInt8] {
    try reader.read(at: member.dataOffset + range.lowerBound, count: range.count)
  }

  /// The same, having read the whole member once to compare its CRC-32.
  func checkedBytes(_ range: Range<Int>, of member: ZipMember) throws -> [UInt8] {
    if range == 0..<member.byteCount {
      let all = try bytes(range, of: member)
      try expect(CRC32.of(all), of: member)
      return all
    }
    var sum = CRC32()
    var result: [UInt8] = []
    result.reserveCapacity(range.count)
    for start in stride(from: 0, to: member.byteCount, by: ZipArchive.pieceByteCount) {
      let piece = start..<min(start + ZipArchive.pieceByteCount, member.byteCount)
      let bytes = try bytes(piece, of: member)
      bytes.withUnsafeBytes { sum.update($0) }
      guard piece.overlaps(range) else { continue }
      let wanted = piece.clamped(to: range)
      result += bytes[wanted.lowerBound - start..<wanted.upperBound - start]
    }
    try expect(sum.value, of: member)
    return result
  }

  private static let pieceByteCount = 4 << 20

  private func expect(_ crc: UInt32, of member: ZipMember) throws {
    guard crc == member.crc else {
      throw Fault(
        .badData, "The bytes are damaged: their CRC-32 is \(hex(crc)), the directory says \(hex(member.crc))",
        at: "\(reader.path): member \(member.name.debugDescription)", remedy: "Copy the file again")
    }
  }

  private func hex(_ value: UInt32) -> String { "0x" + String(value, radix: 16) }
}
