import CZlib

/// The bytes of a ZIP archive, member by member; what it says of itself can be made wrong before it is encoded.
public struct ZipDraft {
  public struct Member {
    public var name: String
    public var bytes: [UInt8]
    public var flags: UInt16 = 0
    public var method: UInt16 = 0
    public var crc: UInt32
    /// What the directory says.
    public var byteCount: UInt64
    public var storedByteCount: UInt64
    /// What the directory says of its place; nil: where it is.
    public var offset: UInt64?
    /// What the local header says where that is not what the directory says.
    public var localName: String?
    /// Whether it is in the directory alone, and another member's bytes hold it.
    public var isInOther = false

    public init(_ name: String, _ bytes: [UInt8]) {
      (self.name, self.bytes) = (name, bytes)
      crc = UInt32(truncatingIfNeeded: crc32_z(0, bytes, bytes.count))
      byteCount = UInt64(bytes.count)
      storedByteCount = UInt64(bytes.count)
    }
  }

  public var members: [Member]
  /// What the end says of the directory; nil: what is so.
  public var directoryOffset: UInt64?
  public var directoryByteCount: UInt64?
  public var memberCount: UInt64?
  /// With the ZIP64 end that PyTorch writes.
  public var isWide = true
  public var comment: [UInt8] = []

  public init(_ members: [Member]) { self.members = members }

  public func encoded() -> [UInt8] {
    var file: [UInt8] = []
    var directory: [UInt8] = []
    for member in members {
      directory += entry(member, at: member.offset ?? UInt64(file.count))
      if !member.isInOther { file += header(member) + member.bytes }
    }
    let offset = directoryOffset ?? UInt64(file.count)
    let byteCount = directoryByteCount ?? UInt64(directory.count)
    let count = memberCount ?? UInt64(members.count)
    file += directory
    if isWide {
      let end = UInt64(file.count)
      file += little(0x0606_4B50 as UInt32) + little(44 as UInt64) + little(0x2D as UInt32) + little(0 as UInt64)
      file += little(count) + little(count) + little(byteCount) + little(offset)
      file += little(0x0706_4B50 as UInt32) + little(0 as UInt32) + little(end) + little(1 as UInt32)
    }
    file += little(0x0605_4B50 as UInt32) + little(0 as UInt32)
    file += little(UInt16(clamping: count)) + little(UInt16(clamping: count))
    file += little(UInt32(clamping: byteCount)) + little(UInt32(clamping: offset))
    return file + little(UInt16(comment.count)) + comment
  }

  private func header(_ member: Member) -> [UInt8] {
    let name = Array((member.localName ?? member.name).utf8)
    return little(0x0403_4B50 as UInt32) + little(20 as UInt16) + little(member.flags) + little(member.method)
      + little(0 as UInt32) + little(member.crc) + little(UInt32(clamping: member.storedByteCount))
      + little(UInt32(clamping: member.byteCount)) + little(UInt16(name.count)) + little(0 as UInt16) + name
  }

  private func entry(_ member: Member, at offset: UInt64) -> [UInt8] {
    let name = Array(member.name.utf8)
    let wide = [member.byteCount, member.storedByteCount, offset].filter { $0 >= UInt64(UInt32.max) }
    let extra = wide.isEmpty ? [] : little(1 as UInt16) + little(UInt16(8 * wide.count)) + wide.flatMap { little($0) }
    return little(0x0201_4B50 as UInt32) + little(0x14_0014 as UInt32) + little(member.flags) + little(member.method)
      + little(0 as UInt32) + little(member.crc) + little(UInt32(clamping: member.storedByteCount))
      + little(UInt32(clamping: member.byteCount)) + little(UInt16(name.count)) + little(UInt16(extra.count))
      + little(0 as UInt32) + little(0 as UInt32) + little(0 as UInt16) + little(UInt32(clamping: offset))
      + name + extra
  }

  private func little<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
  }
}
