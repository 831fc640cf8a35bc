import CNVIDIA
import Faults
import Synchronization

/// The first thing that went wrong on a GPU, and for good: what is queued afterwards is not.
final class FailureRecord: Sendable {
  private let isSet = Atomic<Bool>(false)
  private let first = Mutex<Fault?>(nil)
  private let describe: @Sendable (CUresult) -> String
  /// Told with a failure: a kernel's own comes to light only when somebody waits for it.
  let launches = RecentLaunches()

  /// - Parameter describe: CUDA's name and words for a result.
  init(describe: @escaping @Sendable (CUresult) -> String) { self.describe = describe }

  var hasFailed: Bool { isSet.load(ordering: .relaxed) }
  var fault: Fault? { first.withLock { $0 } }

  func record(_ fault: Fault) {
    first.withLock { $0 = $0 ?? fault }
    isSet.store(true, ordering: .relaxed)
  }

  /// Whether a call succeeded; a failure is recorded. `context` says more of where it happened.
  @discardableResult
  func check(_ result: CUresult, _ call: StaticString, _ context: @autoclosure () -> String = "") -> Bool {
    if result == 0 { return true }
    let details = [context(), launches.description].filter { !$0.isEmpty }.joined(separator: "; ")
    let place = details.isEmpty ? "\(call)" : "\(call): \(details)"
    record(result == nvidia_out_of_memory ? outOfMemory(result, place) : failure(result, place))
    return false
  }

  private func failure(_ result: CUresult, _ place: String) -> Fault {
    Fault(
      .internalError, "The GPU failed: \(describe(result))", at: place,
      remedy: "Start with CUDA_LAUNCH_BLOCKING=1 to find the kernel, and look for Xid in the system's log")
  }

  /// Of the driver itself, for code or graphs.
  private func outOfMemory(_ result: CUresult, _ place: String) -> Fault {
    Fault(
      .configuration, "The driver is out of GPU memory: \(describe(result))", at: place,
      remedy: "Lower the batch size per rank, or see which other processes use this card (nvidia-smi)")
  }
}
