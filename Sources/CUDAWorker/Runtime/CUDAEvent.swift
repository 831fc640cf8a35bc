import CNVIDIA

/// A mark in a stream.
// @unchecked: as CUDAStream.
public final class CUDAEvent: @unchecked Sendable {
  let handle: CUevent?
  private let device: CUDADevice
  private let failures: FailureRecord

  /// - Parameter measuresTime: whether `milliseconds(since:)` will be asked.
  public convenience init(_ backend: CUDABackend, measuresTime: Bool = false) {
    self.init(backend.device, backend.failures, measuresTime: measuresTime)
  }

  init(_ device: CUDADevice, _ failures: FailureRecord, measuresTime: Bool = false) {
    self.device = device
    self.failures = failures
    device.makeCurrent()
    var event: CUevent?
    let flags = nvidia_event_blocking | (measuresTime ? 0 : nvidia_event_no_timing)
    failures.check(device.functions.pointee.event_create(&event, UInt32(flags)), "cuEventCreate")
    handle = event
  }

  deinit {
    guard let handle else { return }
    device.makeCurrent()
    _ = device.functions.pointee.event_destroy(handle)
  }

  public func record(on stream: CUDAStream) {
    if failures.hasFailed { return }
    device.makeCurrent()
    stream.launchPending?()
    failures.check(device.functions.pointee.event_record(handle, stream.stream), "cuEventRecord")
  }

  /// Blocks the calling thread until the mark is reached, without spinning.
  public func synchronize() {
    if failures.hasFailed { return }
    device.makeCurrent()
    failures.check(device.functions.pointee.event_synchronize(handle), "cuEventSynchronize")
  }

  /// Whether the mark is reached, asked without waiting. Also true after a failure: nothing more will happen.
  public var isReached: Bool {
    if failures.hasFailed { return true }
    device.makeCurrent()
    let result = device.functions.pointee.event_query(handle)
    if result == nvidia_not_ready { return false }
    failures.check(result, "cuEventQuery")
    return true
  }

  /// Between two marks that are reached; NaN after a failure. Both events measure time.
  public func milliseconds(since start: CUDAEvent) -> Double {
    if failures.hasFailed { return .nan }
    device.makeCurrent()
    var milliseconds: Float = .nan
    let result = device.functions.pointee.event_elapsed(&milliseconds, start.handle, handle)
    return failures.check(result, "cuEventElapsedTime") ? Double(milliseconds) : .nan
  }
}
