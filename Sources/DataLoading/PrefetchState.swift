import Glibc

/// What the threads of a `Prefetcher` and its caller share. Everything mutable is under `mutex`.
final class PrefetchState<Element: Sendable>: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let end: Int
  private let capacity: Int
  private var nextToMake: Int
  private var nextToGive: Int
  private var ready: [Int: Result<Element, any Error>] = [:]
  private var failure: (any Error)?
  private var isStopped = false
  private var waited = 0.0

  init(_ numbers: Range<Int>, capacity: Int) {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(changed, nil)
    (nextToMake, nextToGive, end) = (numbers.lowerBound, numbers.lowerBound, numbers.upperBound)
    self.capacity = capacity
  }

  deinit {
    pthread_cond_destroy(changed)
    pthread_mutex_destroy(mutex)
    changed.deallocate()
    mutex.deallocate()
  }

  /// The body of a thread: takes numbers while there are any and room for what they give.
  func run(_ worker: Prefetcher<Element>.Worker) {
    while let number = take() {
      let result = Result { try worker(number) { self.locked { self.isStopped } } }
      locked {
        ready[number] = result
        // What comes after a failure is never given out: the threads are done.
        if case .failure = result { nextToMake = end }
        pthread_cond_broadcast(changed)
      }
    }
  }

  func next() throws -> Element? {
    try locked {
      if let failure { throw failure }
      guard nextToGive < end else { return nil }
      let start = monotonicSeconds()
      while ready[nextToGive] == nil, !isStopped { pthread_cond_wait(changed, mutex) }
      waited += monotonicSeconds() - start
      guard !isStopped, let result = ready.removeValue(forKey: nextToGive) else { return nil }
      nextToGive += 1
      pthread_cond_broadcast(changed)
      do { return try result.get() } catch {
        failure = error
        throw error
      }
    }
  }

  var waitSeconds: Double { locked { waited } }

  func stop() {
    locked {
      isStopped = true
      ready = [:]
      pthread_cond_broadcast(changed)
    }
  }

  private func take() -> Int? {
    locked {
      // One beyond `capacity`: the element that the caller waits for is not ahead of it.
      while nextToMake < end, nextToMake > nextToGive + capacity, !isStopped { pthread_cond_wait(changed, mutex) }
      guard nextToMake < end, !isStopped else { return nil }
      defer { nextToMake += 1 }
      return nextToMake
    }
  }

  private func locked<T>(_ body: () throws -> T) rethrows -> T {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return try body()
  }
}
