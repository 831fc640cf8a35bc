import CNVIDIA

/// Work that a GPU does in order. Errors are kept by the backend (`CUDABackend.fail`), never thrown here.
// @unchecked: CUDA streams may be used from any thread.
public final class CUDAStream: @unchecked Sendable {
  /// For calls of other libraries: what was put off is launched first.
  var handle: CUstream? {
    launchPending?()
    return stream
  }
  let stream: CUstream?
  let device: CUDADevice
  private let failures: FailureRecord
  /// Launches what has been put off, before others order their work after it: see `LaunchGroups`.
  var launchPending: (() -> Void)?

  public convenience init(_ backend: CUDABackend, highPriority: Bool = false) {
    self.init(backend.device, backend.failures, highPriority: highPriority)
  }

  init(_ device: CUDADevice, _ failures: FailureRecord, highPriority: Bool = false) {
    self.device = device
    self.failures = failures
    device.makeCurrent()
    var (least, greatest): (Int32, Int32) = (0, 0)
    failures.check(device.functions.pointee.stream_priorities(&least, &greatest), "cuCtxGetStreamPriorityRange")
    var stream: CUstream?
    let flags = UInt32(nvidia_stream_non_blocking)
    failures.check(
      device.functions.pointee.stream_create(&stream, flags, highPriority ? greatest : least),
      "cuStreamCreateWithPriority")
    self.stream = stream
  }

  deinit {
    guard let stream else { return }
    // The memory of its copies may go next.
    drain()
    _ = device.functions.pointee.stream_destroy(stream)
  }

  /// What is queued from now on waits for `event`.
  public func wait(for event: CUDAEvent) {
    queue("cuStreamWaitEvent") { device.functions.pointee.stream_wait(stream, event.handle, 0) }
  }

  /// Returns when everything that was queued is done. The calling thread sleeps meanwhile.
  public func synchronize() {
    queue("cuStreamSynchronize") { device.functions.pointee.stream_synchronize(stream) }
  }

  /// The same also after a failure, before memory goes away that the GPU may still use.
  func drain() {
    device.makeCurrent()
    launchPending?()
    _ = device.functions.pointee.stream_synchronize(stream)
  }

  /// `host` is read or written some time before the stream gets further: it is `PinnedMemory`, or the call may wait.
  func copyToHost(_ host: UnsafeMutableRawPointer, from device: CUdeviceptr, byteCount: Int) {
    if byteCount == 0 { return }
    queue("cuMemcpyDtoHAsync") { self.device.functions.pointee.copy_to_host(host, device, byteCount, stream) }
  }

  func copyToDevice(_ device: CUdeviceptr, from host: UnsafeRawPointer, byteCount: Int) {
    if byteCount == 0 { return }
    queue("cuMemcpyHtoDAsync") { self.device.functions.pointee.copy_to_device(device, host, byteCount, stream) }
  }

  func copyOnDevice(_ target: CUdeviceptr, from source: CUdeviceptr, byteCount: Int) {
    if byteCount == 0 { return }
    queue("cuMemcpyDtoDAsync") { device.functions.pointee.copy_on_device(target, source, byteCount, stream) }
  }

  func setBytes(_ target: CUdeviceptr, to value: UInt8, byteCount: Int) {
    if byteCount == 0 { return }
    queue("cuMemsetD8Async") { device.functions.pointee.set_bytes(target, value, byteCount, stream) }
  }

  /// Makes a call of the driver, unless something has failed before.
  private func queue(_ name: StaticString, _ call: () -> CUresult) {
    if failures.hasFailed { return }
    device.makeCurrent()
    launchPending?()
    failures.check(call(), name)
  }
}
