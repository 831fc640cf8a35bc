/// Working memory that is kept from picture to picture. What it holds is undefined after `reserve`.
final class ScratchBuffer {
  private var memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 64, alignment: 64)

  /// Buffers above this size are given back when a small picture follows a large one.
  private static let keptByteCount = 32 << 20

  deinit { memory.deallocate() }

  /// At least `byteCount` bytes, at 64-byte alignment, valid until the next call.
  func reserve(_ byteCount: Int) -> UnsafeMutablePointer<UInt8> {
    let isWasteful = memory.count > ScratchBuffer.keptByteCount && byteCount < memory.count / 8
    if memory.count < byteCount || isWasteful {
      memory.deallocate()
      memory = .allocate(byteCount: byteCount + byteCount / 4, alignment: 64)
    }
    return memory.baseAddress!.assumingMemoryBound(to: UInt8.self)
  }
}
