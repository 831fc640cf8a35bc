import Synchronization

/// The names of the last kernels since the GPU was last known to be well: what may have failed, when something has.
// @unchecked: changed under the lock alone.
final class RecentLaunches: @unchecked Sendable {
  private static let capacity = 16

  private let lock = Mutex<Void>(())
  private var names = [String](repeating: "", count: RecentLaunches.capacity)
  private var count = 0

  func note(_ kernel: String) {
    lock.withLock { _ in
      names[count % RecentLaunches.capacity] = kernel
      count += 1
    }
  }

  func clear() { lock.withLock { _ in count = 0 } }

  /// `120 kernels since the last synchronisation, at last a, b`; empty where there were none.
  var description: String {
    lock.withLock { _ in
      if count == 0 { return "" }
      let first = max(0, count - RecentLaunches.capacity)
      let last = (first..<count).map { names[$0 % RecentLaunches.capacity] }
      let kernels = count == 1 ? "1 kernel" : "\(count) kernels"
      return "\(kernels) since the last synchronisation, at last \(last.joined(separator: ", "))"
    }
  }
}
