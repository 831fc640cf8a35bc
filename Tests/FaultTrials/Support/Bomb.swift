import Foundation

/// Files that are small and become large.
package enum Bomb {
  /// A PNG of one grey, `side` pixels square.
  package static func png(side: Int) -> Data {
    var data = Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
    var header = bigEndian(UInt32(side)) + bigEndian(UInt32(side))
    header += [8, 2, 0, 0, 0]  // eight bits, RGB
    append("IHDR", header, to: &data)
    append("IDAT", zlib(zeroCount: side * (1 + 3 * side)), to: &data)
    append("IEND", [], to: &data)
    return data
  }

  private static func bigEndian(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }

  private static func append(_ type: String, _ content: [UInt8], to data: inout Data) {
    let body = Array(type.utf8) + content
    data += bigEndian(UInt32(content.count)) + body + bigEndian(crc(body))
  }

  private static func crc(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(~UInt32(0)) { crc, byte in
      (0..<8).reduce(crc ^ UInt32(byte)) { value, _ in value >> 1 ^ (value & 1 == 1 ? 0xEDB8_8320 : 0) }
    }
  }

  /// Zeros as zlib compresses them: one literal, then matches of 258 bytes at distance 1, in a fixed Huffman block.
  private static func zlib(zeroCount: Int) -> [UInt8] {
    var bits = Bits()
    bits.append(0b1, count: 1)  // the last block
    bits.append(0b01, count: 2)  // of fixed codes
    bits.appendCode(0x30, count: 8)  // the literal 0
    var left = zeroCount - 1
    while left >= 258 {
      bits.appendCode(0b1100_0101, count: 8)  // length 258
      bits.appendCode(0, count: 5)  // distance 1
      left -= 258
    }
    for _ in 0..<left { bits.appendCode(0x30, count: 8) }
    bits.appendCode(0, count: 7)  // the end
    // Adler-32 of n zeros: a is 1, b is n.
    return [0x78, 0x01] + bits.bytes + bigEndian(UInt32(zeroCount % 65_521) << 16 | 1)
  }

  private struct Bits {
    private(set) var bytes: [UInt8] = []
    private var used = 8

    /// The lowest bit first, as deflate stores numbers.
    mutating func append(_ value: Int, count: Int) {
      for bit in 0..<count {
        if used == 8 {
          bytes.append(0)
          used = 0
        }
        bytes[bytes.count - 1] |= UInt8(value >> bit & 1) << used
        used += 1
      }
    }

    /// The highest bit first, as deflate stores codes.
    mutating func appendCode(_ code: Int, count: Int) {
      for bit in (0..<count).reversed() { append(code >> bit & 1, count: 1) }
    }
  }
}
