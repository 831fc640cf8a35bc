import Synchronization

/// Counts what a storage takes from the network, from all threads.
final class NetworkStatistics: Sendable {
  private let byteCount = Atomic<Int>(0)
  private let requestCount = Atomic<Int>(0)
  private let retryCount = Atomic<Int>(0)
  private let clock = Mutex(Clock())

  /// Time is taken at the ends of requests: with `active` under way, each moment counts `active` times.
  private struct Clock {
    var active = 0
    var changed = 0.0
    var busySeconds = 0.0
    var requestSeconds = 0.0

    mutating func advance(to now: Double) {
      if active > 0 {
        busySeconds += now - changed
        requestSeconds += Double(active) * (now - changed)
      }
      changed = now
    }
  }

  func begin() {
    requestCount.add(1, ordering: .relaxed)
    clock.withLock {
      $0.advance(to: monotonicSeconds())
      $0.active += 1
    }
  }

  func end() {
    clock.withLock {
      $0.advance(to: monotonicSeconds())
      $0.active -= 1
    }
  }

  func received(_ count: Int) { byteCount.add(count, ordering: .relaxed) }

  func retried() { retryCount.add(1, ordering: .relaxed) }

  var usage: NetworkUsage {
    var usage = NetworkUsage()
    clock.withLock {
      $0.advance(to: monotonicSeconds())
      usage.busySeconds = $0.busySeconds
      usage.requestSeconds = $0.requestSeconds
    }
    usage.byteCount = byteCount.load(ordering: .relaxed)
    usage.requestCount = requestCount.load(ordering: .relaxed)
    usage.retryCount = retryCount.load(ordering: .relaxed)
    return usage
  }
}
