import Glibc

/// A lock and a condition that threads wait for.
final class Monitor: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  init() {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(changed, nil)
  }

  deinit {
    pthread_cond_destroy(changed)
    pthread_mutex_destroy(mutex)
    changed.deallocate()
    mutex.deallocate()
  }

  func locked<T>(_ body: () throws -> T) rethrows -> T {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return try body()
  }

  /// Lets go of the lock until `announce()`; the caller holds it, and asks again for what it waits for. Returns the
  /// seconds that it waited.
  func wait() -> Double {
    let start = monotonicSeconds()
    pthread_cond_wait(changed, mutex)
    return monotonicSeconds() - start
  }

  /// Wakes all that wait; the caller holds the lock.
  func announce() { pthread_cond_broadcast(changed) }
}
