/// zstd frames (RFC 8878) that no honest writer makes.
enum HostileFrame {
  private static let magic: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]
  private static let largestBlock = 128 << 10

  /// A frame of zeros in runs of 128 KiB, four bytes each.
  ///
  /// - Parameters:
  ///   - byteCount: what it becomes.
  ///   - told: what its header says that is; nil says nothing.
  ///   - windowLog: of the memory that a streaming reader would need; nil: as much as the content.
  static func zeros(_ byteCount: Int, told: Int?, windowLog: Int? = nil) -> [UInt8] {
    var bytes = magic
    let hasWindow = windowLog != nil || told == nil
    bytes.append((told == nil ? 0 : 0xC0) | (hasWindow ? 0 : 0x20))
    if hasWindow { bytes.append(UInt8(((windowLog ?? 20) - 10) << 3)) }
    if let told { bytes += (0..<8).map { UInt8(truncatingIfNeeded: told >> (8 * $0)) } }
    var left = byteCount
    repeat {
      let size = min(left, largestBlock)
      left -= size
      let header = size << 3 | 1 << 1 | (left == 0 ? 1 : 0)  // a run, and whether it is the last block
      bytes += [UInt8(header & 0xFF), UInt8(header >> 8 & 0xFF), UInt8(header >> 16), 0]
    } while left > 0
    return bytes
  }

  /// A frame of nothing, nine bytes.
  static let empty = magic + [0x20, 0, 1, 0, 0]

  /// A frame that readers pass over.
  static func skippable(_ byteCount: Int) -> [UInt8] {
    [0x50, 0x2A, 0x4D, 0x18] + (0..<4).map { UInt8(truncatingIfNeeded: byteCount >> (8 * $0)) }
      + [UInt8](repeating: 0, count: byteCount)
  }
}
