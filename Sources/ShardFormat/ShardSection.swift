import DurableFiles
import Faults

/// A line of the section table.
struct ShardSection: Equatable, Sendable {
  var id: UInt32
  var offset: Int
  var byteCount: Int
  var hash: UInt64

  static let sampleIndex: UInt32 = 0x8000_0001
  static let pictureIndex: UInt32 = 0x8000_0002
  static let leftOut: UInt32 = 0x0000_0003
  static let tokenDirectory: UInt32 = 0x8000_0004
  static let tokenFeatures: UInt32 = 0x8000_0005

  private static let known = [sampleIndex, pictureIndex, leftOut, tokenDirectory, tokenFeatures]

  /// A reader that does not know such a section must refuse the file.
  var isRequired: Bool { id >> 31 == 1 }

  func write(to writer: inout ByteWriter) {
    writer.integer(id)
    writer.integer(UInt32(0))
    writer.count(offset)
    writer.count(byteCount)
    writer.integer(hash)
  }
}

extension ShardSection {
  init(_ reader: inout ByteReader) throws {
    let line = reader
    id = try reader.integer(UInt32.self, "section id")
    guard try reader.integer(UInt32.self, "reserved") == 0 else { throw line.fault("A reserved field is not zero") }
    offset = try reader.count("section offset")
    byteCount = try reader.count("section size")
    hash = try reader.integer(UInt64.self, "section hash")
    if isRequired, !ShardSection.known.contains(id) {
      let hex = String(id, radix: 16, uppercase: true)
      throw line.fault("Section 0x\(hex) is required, and unknown to this version of the program")
    }
  }
}
