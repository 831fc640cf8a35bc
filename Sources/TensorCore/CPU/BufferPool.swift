import Glibc
import Synchronization

/// Memory that is kept and given out again: a training step asks for the same sizes every time, and fresh pages from
/// the system cost more than most kernels.
///
/// Sizes are rounded up to eight steps a power of two, so at most 12.5 % is lost to rounding. A block of up to half as
/// much again serves where there is none of the size: the number of frames differs from batch to batch, and a pool of
/// exact sizes would keep one block of each.
final class BufferPool: Sendable {
  private struct State: ~Copyable {
    /// Addresses by size. As numbers, because a pointer may not cross a `Mutex`; each has one owner at a time.
    var free: [Int: [UInt]] = [:]
    var reservedByteCount = 0
  }

  private let state = Mutex(State())

  /// Bytes taken from the system and not given back.
  var reservedByteCount: Int { state.withLock { $0.reservedByteCount } }

  static func roundedUp(_ byteCount: Int) -> Int {
    let size = max(byteCount, 256)
    let power = 1 << (Int.bitWidth - 1 - size.leadingZeroBitCount)
    let step = max(power / 8, 64)
    return (size + step - 1) / step * step
  }

  /// At least `byteCount` bytes at a multiple of 64, and how many there are.
  func take(_ byteCount: Int) -> UnsafeMutableRawBufferPointer {
    let size = BufferPool.roundedUp(byteCount)
    let kept: (address: UInt, size: Int)? = state.withLock { state in
      var candidate = size
      while candidate <= size + size / 2 {
        if let address = state.free[candidate]?.popLast() { return (address, candidate) }
        candidate = BufferPool.roundedUp(candidate + 1)
      }
      state.reservedByteCount += size
      return nil
    }
    if let kept {
      return UnsafeMutableRawBufferPointer(start: UnsafeMutableRawPointer(bitPattern: kept.address), count: kept.size)
    }
    var pointer: UnsafeMutableRawPointer?
    let status = posix_memalign(&pointer, 64, size)
    guard status == 0, let pointer else {
      fatalError("out of memory: \(size) bytes asked for, \(reservedByteCount - size) in use; lower the batch size")
    }
    return UnsafeMutableRawBufferPointer(start: pointer, count: size)
  }

  /// Takes back what `take` gave.
  func give(_ block: UnsafeMutableRawBufferPointer) {
    let (address, size) = (UInt(bitPattern: block.baseAddress), block.count)
    state.withLock { $0.free[size, default: []].append(address) }
  }

  deinit {
    let addresses = state.withLock { $0.free.values.flatMap { $0 } }
    for address in addresses { free(UnsafeMutableRawPointer(bitPattern: address)) }
  }
}

final class CPUStorage: Storage, @unchecked Sendable {
  let pointer: UnsafeMutableRawPointer
  let byteCount: Int
  private let block: UnsafeMutableRawBufferPointer
  private let pool: BufferPool

  init(byteCount: Int, pool: BufferPool) {
    self.byteCount = byteCount
    self.pool = pool
    block = pool.take(byteCount)
    pointer = block.baseAddress!
  }

  deinit { pool.give(block) }
}
