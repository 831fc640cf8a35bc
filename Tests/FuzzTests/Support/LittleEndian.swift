/// Numbers in bytes, little-endian, at places that are there.
extension [UInt8] {
  func word(at offset: Int) -> UInt64 {
    withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) }
  }

  func half(at offset: Int) -> UInt32 {
    withUnsafeBytes { UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) }
  }

  mutating func put(_ word: UInt64, at offset: Int) {
    for byte in 0..<8 { self[offset + byte] = UInt8(truncatingIfNeeded: word >> (8 * UInt64(byte))) }
  }

  /// The range of `count` bytes from `offset` on; nil where they do not all lie in `bounds`.
  func range(at offset: UInt64, count: UInt64, in bounds: Range<Int>) -> Range<Int>? {
    guard let start = Int(exactly: offset), let count = Int(exactly: count), start >= bounds.lowerBound,
      start <= bounds.upperBound, count <= bounds.upperBound - start
    else { return nil }
    return start..<start + count
  }
}
