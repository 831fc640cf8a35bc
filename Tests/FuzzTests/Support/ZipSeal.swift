import CZlib

/// Makes the CRC-32 of every member of a ZIP archive right again, in the directory and in its local header, as far as
/// these lie in the bytes. Nothing else is looked at.
enum ZipSeal {
  private static let endByteCount = 22
  private static let entryByteCount = 46
  private static let headerByteCount = 30

  static func sealed(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    guard bytes.count >= endByteCount else { return bytes }
    var entry = Int(bytes.half(at: bytes.count - endByteCount + 16))
    while entry + entryByteCount <= bytes.count, bytes.half(at: entry) == 0x0201_4B50 {
      seal(entry, in: &bytes)
      let lengths = bytes.half(at: entry + 28)
      entry += entryByteCount + Int(lengths & 0xFFFF) + Int(lengths >> 16) + Int(bytes.half(at: entry + 32) & 0xFFFF)
    }
    return bytes
  }

  private static func seal(_ entry: Int, in bytes: inout [UInt8]) {
    let (start, count) = (Int(bytes.half(at: entry + 42)), Int(bytes.half(at: entry + 20)))
    guard start + headerByteCount <= bytes.count else { return }
    let lengths = bytes.half(at: start + 26)
    let data = start + headerByteCount + Int(lengths & 0xFFFF) + Int(lengths >> 16)
    guard data + count <= bytes.count else { return }
    let crc = bytes[data..<data + count].withUnsafeBytes {
      UInt32(truncatingIfNeeded: crc32_z(0, $0.baseAddress, count))
    }
    for byte in 0..<4 {
      let value = UInt8(truncatingIfNeeded: crc >> (8 * UInt32(byte)))
      (bytes[entry + 16 + byte], bytes[start + 14 + byte]) = (value, value)
    }
  }
}
