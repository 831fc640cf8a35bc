import Glibc
import TensorCore

/// How long a kernel takes on a GPU that does nothing else.
struct KernelClock {
  let gpu: any Backend
  /// How long one kernel is repeated.
  var seconds = 0.15

  /// Seconds of one run, the median of five series; each is queued at once, so that what the host does in between is
  /// hidden.
  func callAsFunction(_ kernel: PreparedKernel) -> Double {
    let once = series(kernel, count: 3)
    let count = max(3, min(2_000, Int(seconds / 5 / max(once, 1e-6))))
    return (0..<5).map { _ in series(kernel, count: count) }.sorted()[2]
  }

  private func series(_ kernel: PreparedKernel, count: Int) -> Double {
    gpu.synchronize()
    let start = KernelClock.now()
    for _ in 0..<count { kernel.run() }
    gpu.synchronize()
    return (KernelClock.now() - start) / Double(count)
  }

  static func now() -> Double {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return Double(now.tv_sec) + Double(now.tv_nsec) * 1e-9
  }
}
