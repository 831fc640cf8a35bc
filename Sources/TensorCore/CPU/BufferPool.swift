import CLinux
import Glibc
import Synchronization

/// Memory that is kept and given out again: a training step asks for nearly the same sizes every time, and fresh pages
/// from the system cost more than most kernels.
///
/// The number of frames differs from batch to batch, so sizes do too. Large blocks are cut from a common range and grow
/// together again, and memory in use stays within an eighth of the greatest amount that was ever live
/// (`LargeBlocks`). Small ones have eight sizes a power of two and are kept by size; a block of up to half as much again
/// serves where there is none of the size.
final class BufferPool: Sendable {
  private struct State: ~Copyable {
    /// Addresses by size. As numbers, because a pointer may not cross a `Mutex`; each has one owner at a time.
    var small: [Int: [UInt]] = [:]
    var smallByteCount = 0
    var large = LargeBlocks()
    var liveByteCount = 0
    var peakLiveByteCount = 0

    var reservedByteCount: Int { smallByteCount + large.reservedByteCount }
  }

  /// What blocks of this size and above share is worth the search for it.
  static let largeByteCount = 64 << 10

  private let state = Mutex(State())

  /// Bytes taken from the system and not given back.
  var reservedByteCount: Int { state.withLock { $0.reservedByteCount } }
  /// Bytes given out now.
  var liveByteCount: Int { state.withLock { $0.liveByteCount } }
  /// The greatest `liveByteCount` so far.
  var peakLiveByteCount: Int { state.withLock { $0.peakLiveByteCount } }

  static func roundedUp(_ byteCount: Int) -> Int {
    if byteCount >= largeByteCount { return LargeBlocks.roundedUp(byteCount) }
    let size = max(byteCount, 256)
    let power = 1 << (Int.bitWidth - 1 - size.leadingZeroBitCount)
    let step = max(power / 8, 64)
    return (size + step - 1) / step * step
  }

  /// At least `byteCount` bytes at a multiple of 64, and how many there are.
  func take(_ byteCount: Int) -> UnsafeMutableRawBufferPointer {
    let (size, isLarge) = (BufferPool.roundedUp(byteCount), byteCount >= BufferPool.largeByteCount)
    let block: (address: UInt, size: Int)? = state.withLock { state in
      let block = isLarge ? BufferPool.takeLarge(size, &state) : BufferPool.takeSmall(size, &state)
      if let block {
        state.liveByteCount += block.size
        state.peakLiveByteCount = max(state.peakLiveByteCount, state.liveByteCount)
      }
      return block
    }
    guard let block else {
      fatalError("out of memory: \(size) bytes asked for, \(liveByteCount) in use; lower the batch size")
    }
    sgmn_sanitizer_acquire(Unmanaged.passUnretained(self).toOpaque())
    return UnsafeMutableRawBufferPointer(start: UnsafeMutableRawPointer(bitPattern: block.address), count: block.size)
  }

  /// Takes back what `take` gave.
  func give(_ block: UnsafeMutableRawBufferPointer) {
    let (address, size) = (UInt(bitPattern: block.baseAddress), block.count)
    sgmn_sanitizer_release(Unmanaged.passUnretained(self).toOpaque())
    state.withLock { state in
      state.liveByteCount -= size
      if size > BufferPool.largeByteCount {
        state.large.give(address, size)
      } else {
        state.small[size, default: []].append(address)
      }
    }
  }

  private static func takeLarge(_ size: Int, _ state: inout State) -> (address: UInt, size: Int)? {
    let peak = max(state.peakLiveByteCount, state.liveByteCount + size)
    // And some pages, or a small pool would give back and take again what its blocks' ends touch.
    let limit = peak + peak / 8 - state.smallByteCount + 4 * LargeBlocks.pageByteCount
    return state.large.take(size, limit: limit).map { ($0, size) }
  }

  private static func takeSmall(_ size: Int, _ state: inout State) -> (address: UInt, size: Int)? {
    var candidate = size
    while candidate <= min(size + size / 2, largeByteCount) {
      if let address = state.small[candidate]?.popLast() { return (address, candidate) }
      candidate = roundedUp(candidate + 1)
    }
    var pointer: UnsafeMutableRawPointer?
    guard posix_memalign(&pointer, 64, size) == 0, let pointer else { return nil }
    state.smallByteCount += size
    return (UInt(bitPattern: pointer), size)
  }

  deinit {
    let addresses = state.withLock { $0.small.values.flatMap { $0 } }
    for address in addresses { free(UnsafeMutableRawPointer(bitPattern: address)) }
  }
}
