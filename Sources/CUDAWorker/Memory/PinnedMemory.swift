import CNVIDIA
import Faults
import Glibc

/// Host memory that a GPU copies from and to by itself.
// @unchecked: plain memory; who uses it when is its owner's matter.
public final class PinnedMemory: @unchecked Sendable {
  public let bytes: UnsafeMutableRawBufferPointer
  private let device: CUDADevice
  private let isPinned: Bool

  /// Where the system has no such memory, the backend has failed, and these are ordinary bytes.
  public convenience init(byteCount: Int, backend: CUDABackend) {
    self.init(byteCount: byteCount, backend.device, backend.failures)
  }

  init(byteCount: Int, _ device: CUDADevice, _ failures: FailureRecord) {
    self.device = device
    device.makeCurrent()
    var start: UnsafeMutableRawPointer?
    let flags = UInt32(nvidia_host_portable)
    let result = failures.hasFailed ? -1 : device.functions.pointee.host_allocate(&start, max(byteCount, 1), flags)
    isPinned = result == 0 && start != nil
    if !isPinned, !failures.hasFailed { failures.record(PinnedMemory.fault(byteCount, device.driver.describe(result))) }
    bytes = UnsafeMutableRawBufferPointer(
      start: isPinned ? start : .allocate(byteCount: max(byteCount, 1), alignment: 4096), count: byteCount)
  }

  deinit {
    guard isPinned else { return bytes.baseAddress!.deallocate() }
    device.makeCurrent()
    _ = device.functions.pointee.host_free(bytes.baseAddress)
  }

  private static func fault(_ byteCount: Int, _ reason: String) -> Fault {
    Fault(
      .configuration, "No host memory that a GPU can copy from: \(ByteText(byteCount)) asked for; \(reason)",
      at: "cuMemHostAlloc", remedy: "Raise the limit on locked memory (ulimit -l) or free memory of this machine")
  }
}
