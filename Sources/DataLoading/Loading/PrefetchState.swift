/// What the threads of a `Prefetcher` and its caller share. Everything mutable is under the monitor's lock.
final class PrefetchState<Element: Sendable>: @unchecked Sendable {
  private let monitor = Monitor()
  private let end: Int
  private let capacity: Int
  private var nextToMake: Int
  private var nextToGive: Int
  private var ready: [Int: Result<Element, any Error>] = [:]
  private var failure: (any Error)?
  private var isStopped = false
  private var waited = 0.0

  init(_ numbers: Range<Int>, capacity: Int) {
    (nextToMake, nextToGive, end) = (numbers.lowerBound, numbers.lowerBound, numbers.upperBound)
    self.capacity = capacity
  }

  /// The body of a thread: takes numbers while there are any and room for what they give.
  func run(_ worker: Prefetcher<Element>.Worker) {
    while let number = take() {
      let result = Result { try worker(number) { self.monitor.locked { self.isStopped } } }
      monitor.locked {
        ready[number] = result
        // What comes after a failure is never given out: the threads are done.
        if case .failure = result { nextToMake = end }
        monitor.announce()
      }
    }
  }

  func next() throws -> Element? {
    try monitor.locked {
      if let failure { throw failure }
      guard nextToGive < end else { return nil }
      while ready[nextToGive] == nil, !isStopped { waited += monitor.wait() }
      guard !isStopped, let result = ready.removeValue(forKey: nextToGive) else { return nil }
      nextToGive += 1
      monitor.announce()
      do { return try result.get() } catch {
        failure = error
        throw error
      }
    }
  }

  var waitSeconds: Double { monitor.locked { waited } }

  func stop() {
    monitor.locked {
      isStopped = true
      ready = [:]
      monitor.announce()
    }
  }

  private func take() -> Int? {
    monitor.locked {
      // One beyond `capacity`: the element that the caller waits for is not ahead of it.
      while nextToMake < end, nextToMake > nextToGive + capacity, !isStopped { _ = monitor.wait() }
      guard nextToMake < end, !isStopped else { return nil }
      defer { nextToMake += 1 }
      return nextToMake
    }
  }
}
