import Synchronization
import Testing
import Threads

@Suite struct WorkerThreadTests {
  @Test func itRunsItsBodyBesidesOthersAndCanBeWaitedFor() {
    let sum = Mutex(0)
    let threads = (1...8).compactMap { number in WorkerThread { sum.withLock { $0 += number } } }
    #expect(threads.count == 8)
    for thread in threads { thread.join() }
    #expect(sum.withLock { $0 } == 36)
  }

  @Test func itsBodyIsReleasedAtItsEnd() {
    final class Held: Sendable {
      deinit { releases.add(1, ordering: .relaxed) }
    }
    startHolding(Held())?.join()
    #expect(releases.load(ordering: .relaxed) == 1)
  }

  private func startHolding(_ object: some Sendable) -> WorkerThread? { WorkerThread { _ = object } }
}

private let releases = Atomic(0)
