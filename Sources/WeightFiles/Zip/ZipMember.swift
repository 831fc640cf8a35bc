import DurableFiles
import Faults

/// One file of a ZIP archive, as the central directory describes it.
struct ZipMember: Sendable, Equatable {
  let name: String
  let crc: UInt32
  let byteCount: Int
  let headerOffset: Int
  /// Where its bytes start; behind the local header, which has been compared with the directory.
  private(set) var dataOffset = 0
  private let storedByteCount: Int
  private let flags: UInt16
  private let method: UInt16

  /// Signature, 26 bytes of fields, then the name and the extra fields.
  private static let localHeaderByteCount = 30
  private static let encryption: UInt16 = 1 << 0 | 1 << 6 | 1 << 13
  /// Sums and sizes follow the data; those in the local header may be 0.
  private static let descriptor: UInt16 = 1 << 3

  /// What follows the data, which the next member must not lie in.
  var end: Int { dataOffset + storedByteCount }

  /// Reads one entry of the central directory (APPNOTE.TXT 4.3.12).
  init(_ bytes: inout ByteReader, directoryOffset: Int) throws {
    let start = bytes
    guard try bytes.integer(UInt32.self, "signature of a member") == 0x0201_4B50 else {
      throw start.fault("No entry of a ZIP directory where one was expected")
    }
    _ = try bytes.bytes(4, "versions of a member")
    flags = try bytes.integer(UInt16.self, "flags of a member")
    method = try bytes.integer(UInt16.self, "method of a member")
    _ = try bytes.bytes(4, "time of a member")
    crc = try bytes.integer(UInt32.self, "CRC-32 of a member")
    var sizes = ZipSizes()
    sizes.stored = UInt64(try bytes.integer(UInt32.self, "compressed size of a member"))
    sizes.plain = UInt64(try bytes.integer(UInt32.self, "size of a member"))
    let nameByteCount = Int(try bytes.integer(UInt16.self, "name length of a member"))
    let extraByteCount = Int(try bytes.integer(UInt16.self, "extra length of a member"))
    let commentByteCount = Int(try bytes.integer(UInt16.self, "comment length of a member"))
    let disk = try bytes.integer(UInt16.self, "disk of a member")
    _ = try bytes.bytes(6, "attributes of a member")
    sizes.offset = UInt64(try bytes.integer(UInt32.self, "offset of a member"))
    guard let name = String(validating: try bytes.bytes(nameByteCount, "name of a member"), as: UTF8.self) else {
      throw start.fault("The name of a member is not valid UTF-8")
    }
    self.name = name
    try sizes.widen(Array(try bytes.bytes(extraByteCount, "extra fields of a member")), fault: start.fault)
    _ = try bytes.bytes(commentByteCount, "comment of a member")
    guard disk == 0 else { throw start.fault("An archive in several parts") }
    guard let byteCount = Int(exactly: sizes.plain), let storedByteCount = Int(exactly: sizes.stored),
      let headerOffset = Int(exactly: sizes.offset), headerOffset < directoryOffset,
      storedByteCount <= directoryOffset - headerOffset
    else {
      throw start.fault("The member \(name.debugDescription) does not lie before the directory of the archive")
    }
    guard method != 0 || byteCount == storedByteCount else {
      throw start.fault("The member \(name.debugDescription) is not compressed and has two sizes")
    }
    (self.byteCount, self.storedByteCount, self.headerOffset) = (byteCount, storedByteCount, headerOffset)
  }

  /// Finds its bytes: reads the local header, which must say what the directory says.
  mutating func locate(_ reader: FileReader) throws {
    let expectedName = Array(name.utf8)
    var bytes = ByteReader(
      try reader.read(at: headerOffset, count: ZipMember.localHeaderByteCount + expectedName.count),
      path: reader.path, offset: headerOffset)
    let start = bytes
    let signature = try bytes.integer(UInt32.self, "signature")
    _ = try bytes.bytes(2, "version")
    let isSame = try (bytes.integer(UInt16.self, "flags"), bytes.integer(UInt16.self, "method")) == (flags, method)
    _ = try bytes.bytes(4, "time")
    let sums = try (0..<3).map { _ in try bytes.integer(UInt32.self, "CRC-32 and sizes") }
    let nameByteCount = Int(try bytes.integer(UInt16.self, "name length"))
    let extraByteCount = Int(try bytes.integer(UInt16.self, "extra length"))
    let hasName = try bytes.bytes(expectedName.count, "name").elementsEqual(expectedName)
    guard signature == 0x0403_4B50, isSame, nameByteCount == expectedName.count, hasName, agrees(sums) else {
      throw start.fault("The header of the member \(name.debugDescription) is not what the directory says")
    }
    dataOffset = headerOffset + ZipMember.localHeaderByteCount + nameByteCount + extraByteCount
  }

  /// Whether CRC-32, compressed size and size of the local header are the directory's, or left to later places.
  private func agrees(_ sums: [UInt32]) -> Bool {
    let expected = [UInt64(crc), UInt64(storedByteCount), UInt64(byteCount)]
    return zip(sums, expected).enumerated().allSatisfy { index, pair in
      UInt64(pair.0) == pair.1 || flags & ZipMember.descriptor != 0 && pair.0 == 0
        || index > 0 && pair.0 == UInt32.max
    }
  }

  /// Throws where its bytes are not in the file as they are.
  func expectPlain(path: String) throws {
    let place = "\(path): member \(name.debugDescription)"
    guard flags & ZipMember.encryption == 0 else {
      throw Fault(.badData, "The member is encrypted", at: place, remedy: "Save the file again without a password")
    }
    guard method == 0 else {
      throw Fault(
        .badData, "The member is compressed (method \(method)); torch.save stores tensors as they are", at: place,
        remedy: "Save the file again with torch.save, or unpack the archive and pack it with zip -0")
    }
  }
}
