import Foundation
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

  /// A thread that has ended and that nobody has joined keeps its stack, of 8 MiB as a rule.
  @Test func whatNobodyWaitsForLeavesNothing() throws {
    let before = try addressSpace()
    for _ in 0..<2000 {
      let hasRun = DispatchSemaphore(value: 0)
      _ = try #require(WorkerThread { hasRun.signal() })
      hasRun.wait()
    }
    #expect(try addressSpace() - before < 2 << 30)
  }

  /// Bytes that this process has addresses for.
  private func addressSpace() throws -> Int {
    let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ").first
    return try #require(pages.flatMap { Int($0) }) * Int(getpagesize())
  }

  private func startHolding(_ object: some Sendable) -> WorkerThread? { WorkerThread { _ = object } }
}

private let releases = Atomic(0)
