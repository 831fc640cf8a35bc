import CNVIDIA
import Faults
import Synchronization
import TensorCore

/// The memory of one GPU that this process holds, given out and taken back: a training step asks for nearly the same
/// sizes every time, and the driver's own allocation waits for the GPU.
///
/// Blocks of more than a mebibyte are cut from one range of addresses, the smallest piece that is long enough, and grow
/// together again. Smaller ones have eight sizes a power of two and are kept by size. Memory is mapped behind the range
/// as it is needed and stays until the end; where the card has no more and what is free lies in pieces too short for a
/// block, they are mapped together behind other addresses.
// @unchecked: the state is changed under its lock alone.
final class DeviceMemory: @unchecked Sendable {
  static let alignment = 256
  /// Blocks up to this size are kept by size.
  static let smallByteCount = 1 << 20
  /// What small blocks are cut from.
  static let slabByteCount = 2 << 20
  /// Large blocks are multiples of it: fewer pieces are left that serve nobody.
  static let largeStep = 64 << 10

  private struct State {
    var small: [Int: [UInt]] = [:]
    var slab = (next: UInt(0), end: UInt(0))
    var large = FreeExtents()
    var liveByteCount = 0
    var peakLiveByteCount = 0
  }

  private let failures: FailureRecord
  private let source: any MemorySource
  private let waitForWork: @Sendable () -> Void
  private let lock = Mutex<Void>(())
  private var state = State()

  /// - Parameter waitForWork: returns when nothing that is queued uses memory which is free.
  init(_ failures: FailureRecord, _ source: any MemorySource, waitForWork: @escaping @Sendable () -> Void = {}) {
    self.waitForWork = waitForWork
    self.failures = failures
    self.source = source
  }

  /// Bytes taken from the GPU.
  var reservedByteCount: Int { lock.withLock { _ in source.byteCount } }
  /// Bytes given out now.
  var liveByteCount: Int { lock.withLock { _ in state.liveByteCount } }
  /// The greatest `liveByteCount` so far.
  var peakLiveByteCount: Int { lock.withLock { _ in state.peakLiveByteCount } }

  static func roundedUp(_ byteCount: Int) -> Int {
    if byteCount > smallByteCount { return (byteCount + largeStep - 1) / largeStep * largeStep }
    let size = max(byteCount, alignment)
    let power = 1 << (Int.bitWidth - 1 - size.leadingZeroBitCount)
    let step = max(power / 8, alignment)
    return (size + step - 1) / step * step
  }

  /// At least `byteCount` bytes at a multiple of 256; 0 for none, and where there is no memory, which is recorded as the
  /// failure, or was one before.
  func take(_ byteCount: Int) -> CUdeviceptr {
    if byteCount == 0 || failures.hasFailed { return 0 }
    let size = DeviceMemory.roundedUp(byteCount)
    let start: UInt? = lock.withLock { _ in
      let start = size <= DeviceMemory.smallByteCount ? takeSmall(size) : takeLarge(size)
      if start != nil {
        state.liveByteCount += size
        state.peakLiveByteCount = max(state.peakLiveByteCount, state.liveByteCount)
      }
      return start
    }
    guard let start else {
      failures.record(outOfMemory(byteCount))
      return 0
    }
    return CUdeviceptr(start)
  }

  /// Takes back what `take` gave for as many bytes.
  func give(_ pointer: CUdeviceptr, _ byteCount: Int) {
    if pointer == 0 { return }
    let size = DeviceMemory.roundedUp(byteCount)
    lock.withLock { _ in
      state.liveByteCount -= size
      if size <= DeviceMemory.smallByteCount {
        state.small[size, default: []].append(UInt(pointer))
      } else {
        state.large.give(UInt(pointer), size)
      }
    }
  }

  private func takeSmall(_ size: Int) -> UInt? {
    if let start = state.small[size]?.popLast() { return start }
    if Int(state.slab.end - state.slab.next) < size {
      guard let start = takeLarge(DeviceMemory.slabByteCount) else { return nil }
      keepRestOfSlab()
      state.slab = (start, start + UInt(DeviceMemory.slabByteCount))
    }
    defer { state.slab.next += UInt(size) }
    return state.slab.next
  }

  /// What is left of a slab becomes blocks of the sizes that fit, the largest first.
  private func keepRestOfSlab() {
    while state.slab.next < state.slab.end {
      let size = DeviceMemory.greatestSize(within: Int(state.slab.end - state.slab.next))
      state.small[size, default: []].append(state.slab.next)
      state.slab.next += UInt(size)
    }
  }

  /// The greatest small size of at most `byteCount` bytes, a multiple of 256.
  static func greatestSize(within byteCount: Int) -> Int {
    let size = min(byteCount, smallByteCount)
    let power = 1 << (Int.bitWidth - 1 - size.leadingZeroBitCount)
    return size / max(power / 8, alignment) * max(power / 8, alignment)
  }

  private func takeLarge(_ size: Int) -> UInt? {
    if let start = state.large.take(size) { return start }
    if let fresh = source.grow(by: size, after: state.large.extents.last) {
      state.large.give(fresh.start, fresh.byteCount)
    } else if let moved = source.gather(size, from: state.large.extents, whenIdle: waitForWork) {
      for extent in moved.gone { state.large.take(at: extent.start, extent.byteCount) }
      if let fresh = moved.fresh { state.large.give(fresh.start, fresh.byteCount) }
    }
    return state.large.take(size)
  }

  private func outOfMemory(_ byteCount: Int) -> Fault {
    let (live, reserved, longest, card) = lock.withLock { _ in
      (state.liveByteCount, source.byteCount, state.large.extents.map(\.byteCount).max() ?? 0, source.cardText)
    }
    return Fault(
      .configuration, "Out of GPU memory: \(ByteText(byteCount)) asked for",
      at: "this process's tensors have \(ByteText(live)) of the \(ByteText(reserved)) that it holds, the longest free "
        + "piece is \(ByteText(longest)); \(card)",
      remedy: "Set compute.recompute, raise compute.encoder_parts, or lower the batch size per rank")
  }
}
