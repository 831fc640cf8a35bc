import Faults
import Glibc
import Threads

/// One piece of work on a thread of its own, and its result.
final class BackgroundTask: @unchecked Sendable {
  // Guarded by `lock`.
  private var end: Result<Void, any Error>?
  private let lock: UnsafeMutablePointer<pthread_mutex_t>
  private let ended: UnsafeMutablePointer<pthread_cond_t>
  private var thread: WorkerThread?

  init(_ body: @escaping @Sendable () throws -> Void) {
    lock = .allocate(capacity: 1)
    ended = .allocate(capacity: 1)
    pthread_mutex_init(lock, nil)
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    pthread_cond_init(ended, &attributes)
    pthread_condattr_destroy(&attributes)
    thread = WorkerThread { [self] in
      let result = Result { try body() }
      pthread_mutex_lock(lock)
      end = result
      pthread_cond_broadcast(ended)
      pthread_mutex_unlock(lock)
    }
    precondition(thread != nil, "the system gave no thread")
  }

  deinit {
    pthread_mutex_destroy(lock)
    pthread_cond_destroy(ended)
    lock.deallocate()
    ended.deallocate()
  }

  /// nil while it runs.
  var result: Result<Void, any Error>? {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    return end
  }

  /// Waits so long, or where `wakesAtEnd`, no longer than the work takes.
  func wait(seconds: Double, wakesAtEnd: Bool) {
    var limit = timespec()
    clock_gettime(CLOCK_MONOTONIC, &limit)
    let nanoseconds = limit.tv_nsec + Int(seconds * 1e9)
    limit.tv_sec += nanoseconds / 1_000_000_000
    limit.tv_nsec = nanoseconds % 1_000_000_000
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    while !(wakesAtEnd && end != nil) {
      if pthread_cond_timedwait(ended, lock, &limit) == ETIMEDOUT { return }
    }
  }

  /// Waits for the end; twice is fine.
  func join() {
    thread?.join()
    thread = nil
  }
}
