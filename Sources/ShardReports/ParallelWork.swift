import Glibc
import Threads

/// Numbered items shared among threads of their own, away from Swift's cooperative pool.
public enum ParallelWork {
  /// Runs `body` on `threadCount` threads; each takes items with `next` until that gives nil. Every item of
  /// `0 ..< count` is given out once, in ascending order, so what a thread gets is in ascending order too.
  ///
  /// - Parameters:
  ///   - progress: called on this thread about ten times a second with the number of items given out.
  ///   - body: gives what its thread found; which thread had which item is chance, so merge without regard to order.
  /// - Returns: what the threads found, in no particular order.
  ///
  /// Throws what a `body` threw first; the other threads get no more items.
  public static func run<Part: Sendable>(
    count: Int, threadCount: Int, progress: (Int) -> Void = { _ in },
    _ body: @escaping @Sendable (_ next: () -> Int?) throws -> Part
  ) throws -> [Part] {
    precondition(count >= 0 && threadCount >= 1, "\(count) items for \(threadCount) threads")
    let state = State<Part>(count: count)
    var threads: [WorkerThread] = []
    for _ in 0..<min(threadCount, max(1, count)) {
      guard let thread = WorkerThread({ state.run(body) }) else { break }
      threads.append(thread)
    }
    // A system that gives no thread at all still gets its work done.
    if threads.isEmpty {
      state.run(body)
    } else {
      while !state.wait(forEndOf: threads.count) { progress(state.takenCount) }
    }
    for thread in threads { thread.join() }
    progress(state.takenCount)
    return try state.result()
  }

  /// What the threads share; everything mutable is under `mutex`.
  private final class State<Part: Sendable>: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let count: Int
    private var taken = 0
    private var endedCount = 0
    private var parts: [Part] = []
    private var failure: (any Error)?

    init(count: Int) {
      self.count = count
      pthread_mutex_init(mutex, nil)
      pthread_cond_init(changed, nil)
    }

    deinit {
      pthread_cond_destroy(changed)
      pthread_mutex_destroy(mutex)
      changed.deallocate()
      mutex.deallocate()
    }

    var takenCount: Int { locked { taken } }

    func run(_ body: (_ next: () -> Int?) throws -> Part) {
      let outcome = Result { try body { self.take() } }
      locked {
        switch outcome {
        case .success(let part): parts.append(part)
        case .failure(let error):
          if failure == nil { failure = error }
        }
        endedCount += 1
        pthread_cond_broadcast(changed)
      }
    }

    private func take() -> Int? {
      locked {
        guard failure == nil, taken < count else { return nil }
        taken += 1
        return taken - 1
      }
    }

    /// Whether `threadCount` threads have ended; waits for it a tenth of a second.
    func wait(forEndOf threadCount: Int) -> Bool {
      var end = timespec()
      clock_gettime(CLOCK_REALTIME, &end)
      end.tv_nsec += 100_000_000
      if end.tv_nsec >= 1_000_000_000 { (end.tv_sec, end.tv_nsec) = (end.tv_sec + 1, end.tv_nsec - 1_000_000_000) }
      return locked {
        while endedCount < threadCount {
          if pthread_cond_timedwait(changed, mutex, &end) != 0 { break }
        }
        return endedCount == threadCount
      }
    }

    func result() throws -> [Part] {
      try locked {
        if let failure { throw failure }
        return parts
      }
    }

    private func locked<Value>(_ body: () throws -> Value) rethrows -> Value {
      pthread_mutex_lock(mutex)
      defer { pthread_mutex_unlock(mutex) }
      return try body()
    }
  }
}
