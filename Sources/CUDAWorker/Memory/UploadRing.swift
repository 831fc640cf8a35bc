import CNVIDIA
import Synchronization

/// Pinned memory through which small uploads go, so that none of them waits for the GPU: bytes are copied here, and from
/// here to the GPU when the stream gets there.
///
/// The ring has slots, which are filled one after the other. A mark in the stream behind the last copy out of a slot
/// tells when it may be filled again.
// @unchecked: changed under the lock alone.
final class UploadRing: @unchecked Sendable {
  private let memory: PinnedMemory
  private let stream: CUDAStream
  private let slotByteCount: Int
  private let marks: [CUDAEvent]
  private let lock = Mutex<Void>(())
  private var slot = 0
  private var used = 0
  private var isMarked: [Bool]

  init(
    _ device: CUDADevice, _ failures: FailureRecord, stream: CUDAStream, slots: Int = 8, slotByteCount: Int = 4 << 20
  ) {
    self.stream = stream
    self.slotByteCount = slotByteCount
    memory = PinnedMemory(byteCount: slots * slotByteCount, device, failures)
    marks = (0..<slots).map { _ in CUDAEvent(device, failures) }
    isMarked = Array(repeating: false, count: slots)
  }

  /// Copies bytes, which may change as soon as this returns, to the GPU: in pieces, where they are more than a slot.
  ///
  /// - Parameter copy: queues the copy of a piece out of the ring.
  func upload(
    _ bytes: UnsafeRawBufferPointer, to target: CUdeviceptr, copy: (CUdeviceptr, UnsafeRawPointer, Int) -> Void
  ) {
    lock.withLock { _ in
      var done = 0
      while done < bytes.count {
        if used == slotByteCount { nextSlot() }
        var count = min(bytes.count - done, slotByteCount - used)
        // A piece that fits into a slot is not torn.
        if count < bytes.count - done, used > 0 {
          nextSlot()
          count = min(bytes.count - done, slotByteCount)
        }
        let staged = memory.bytes.baseAddress! + slot * slotByteCount + used
        staged.copyMemory(from: bytes.baseAddress! + done, byteCount: count)
        copy(target + CUdeviceptr(done), staged, count)
        done += count
        used = min((used + count + 255) / 256 * 256, slotByteCount)
      }
    }
  }

  private func nextSlot() {
    marks[slot].record(on: stream)
    isMarked[slot] = true
    slot = (slot + 1) % marks.count
    used = 0
    if isMarked[slot] { marks[slot].synchronize() }
  }
}
