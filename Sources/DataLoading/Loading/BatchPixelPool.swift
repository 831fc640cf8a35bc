import Synchronization

/// The memory of batches, used again and again: nothing is allocated for a batch once as many are there as are held
/// at a time.
final class BatchPixelPool: Sendable {
  let pairCount: Int
  let frameCount: Int
  let pictureByteCount: Int
  private struct Memory: @unchecked Sendable {
    var free: [UnsafeMutableRawPointer] = []
    var allocatedCount = 0
  }
  private let memory = Mutex(Memory())

  init(pairCount: Int, frameCount: Int, pictureByteCount: Int) {
    (self.pairCount, self.frameCount, self.pictureByteCount) = (pairCount, frameCount, pictureByteCount)
  }

  deinit { memory.withLock { for base in $0.free { base.deallocate() } } }

  /// Bytes of the pictures of one batch.
  var batchByteCount: Int { pairCount * (1 + frameCount) * pictureByteCount }

  /// How many batches memory was ever allocated for.
  var allocatedCount: Int { memory.withLock { $0.allocatedCount } }

  func take() -> BatchPixels {
    let byteCount = batchByteCount
    let base = memory.withLock { memory in
      if let base = memory.free.popLast() { return Address(base) }
      memory.allocatedCount += 1
      return Address(.allocate(byteCount: byteCount, alignment: 64))
    }
    return BatchPixels(base.pointer, of: self)
  }

  fileprivate struct Address: @unchecked Sendable {
    let pointer: UnsafeMutableRawPointer
    init(_ pointer: UnsafeMutableRawPointer) { self.pointer = pointer }
  }

  func giveBack(_ base: UnsafeMutableRawPointer) {
    let address = Address(base)
    memory.withLock { $0.free.append(address.pointer) }
  }
}
