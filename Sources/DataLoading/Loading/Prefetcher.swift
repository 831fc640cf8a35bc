/// Makes numbered elements ahead on threads of its own and hands them out in order.
///
/// At most `capacity` elements are finished or being made beyond the one that `next()` waits for, or will.
package final class Prefetcher<Element: Sendable>: @unchecked Sendable {
  /// Makes element `number`. It belongs to one thread, and may ask between its parts whether to stop.
  package typealias Worker = (_ number: Int, _ isStopped: () -> Bool) throws -> Element

  /// Thrown by a worker that was asked to stop; never seen by a caller.
  package struct Stopped: Error {
    package init() {}
  }

  private let state: PrefetchState<Element>
  private let threads: ReaderThreads

  /// - Parameters:
  ///   - numbers: what to make, in order.
  ///   - makeWorker: called once on each thread, so that a worker can own what is not thread-safe.
  package init(_ numbers: Range<Int>, capacity: Int, threadCount: Int, makeWorker: @escaping @Sendable () -> Worker) {
    precondition(capacity >= 0 && threadCount >= 1, "\(capacity) elements ahead on \(threadCount) threads")
    let state = PrefetchState<Element>(numbers, capacity: capacity)
    self.state = state
    // The body holds the state and not the prefetcher, so that releasing the prefetcher can end the threads.
    threads = ReaderThreads(count: threadCount) { state.run(makeWorker()) }
  }

  deinit { stop() }

  /// The next element, nil after the last. Throws what its worker threw, and then the same again.
  package func next() throws -> Element? { try state.next() }

  /// Seconds that `next()` has waited.
  package var waitSeconds: Double { state.waitSeconds }

  /// Ends the threads and waits for them; `next()` gives nil afterwards. Twice is fine.
  package func stop() {
    state.stop()
    threads.join()
  }
}
