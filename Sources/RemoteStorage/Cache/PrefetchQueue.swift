import Glibc

/// Names that download threads take one after the other.
final class PrefetchQueue: @unchecked Sendable {
  // Everything below is touched under `mutex` only.
  private var names: [String] = []
  private var underway: Set<String> = []
  private var isClosed = false
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

  private func withLock<T>(_ body: () -> T) -> T {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return body()
  }

  /// Puts these names in the place of those that nobody has begun with.
  func replace(with list: [String]) {
    withLock {
      names = list.filter { !underway.contains($0) }.reversed()
      pthread_cond_broadcast(changed)
    }
  }

  /// The next name, as soon as there is one; nil after `close`.
  func take() -> String? {
    withLock {
      while names.isEmpty, !isClosed { pthread_cond_wait(changed, mutex) }
      guard !isClosed, let name = names.popLast() else { return nil }
      underway.insert(name)
      return name
    }
  }

  func done(_ name: String) { _ = withLock { underway.remove(name) } }

  func close() {
    withLock {
      isClosed = true
      pthread_cond_broadcast(changed)
    }
  }
}
