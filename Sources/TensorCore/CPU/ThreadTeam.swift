import CLinux
import Synchronization
import Threads

/// The threads of a worker: a kernel's rows are shared out among them.
///
/// The thread that calls `run` does the first share itself, the team's own threads do the others. Between two kernels
/// they watch for the next for tens of microseconds and then sleep, so that a worker that waits for data or for other
/// ranks leaves its cores alone.
// @unchecked: `threads` are touched by `deinit` alone.
final class ThreadTeam: @unchecked Sendable {
  let threadCount: Int
  /// Whether threads that wait watch for a while before they sleep.
  let watches: Bool
  private let board: ShareBoard
  private let threads: [WorkerThread]

  /// - Parameters:
  ///   - cpus: the CPU of each of the team's own threads, behind that of the calling thread; nil pins nothing.
  ///   - watches: false where threads outnumber cores, and a thread that watches takes the core from one that computes;
  ///     where nothing is said, the CPUs of this process decide.
  init(threadCount: Int, cpus: [Int]? = nil, watches: Bool? = nil) {
    precondition(threadCount > 0, "\(threadCount) threads")
    precondition(cpus == nil || cpus!.count == threadCount, "\(cpus ?? []) for \(threadCount) threads")
    self.threadCount = threadCount
    self.watches = watches ?? (threadCount <= ThreadAffinity.ofThisThread?.count ?? 1)
    let board = ShareBoard(threadCount: threadCount, watches: self.watches)
    self.board = board
    threads = (1..<max(1, threadCount)).map { number in
      guard let thread = WorkerThread(on: cpus.map { [$0[number]] }, { board.serve(number) }) else {
        fatalError("the system gives no \(threadCount) threads; choose fewer with --threads")
      }
      return thread
    }
  }

  deinit {
    board.close()
    for thread in threads { thread.join() }
  }

  /// Calls `body` with ranges that together are 0..<count, on the threads of the team, and returns when all are done.
  ///
  /// Every range but the last has at least `grain` elements and begins at a multiple of `multiple`. The ranges depend
  /// on these numbers and the thread count alone, never on timing. A call from inside a body, or from another thread
  /// while a call is under way, gets the same ranges one after the other on its own thread.
  func run(_ count: Int, grain: Int = 1, multipleOf multiple: Int = 1, _ body: (Range<Int>) -> Void) {
    guard count > 0 else { return }
    let shares = Shares(count: count, grain: grain, multiple: multiple, threadCount: threadCount)
    guard shares.shareCount > 1 else { return body(0..<count) }
    withoutActuallyEscaping(body) { body in
      if !board.run(shares, body) {
        for number in 0..<shares.shareCount { body(shares[number]) }
      }
    }
  }
}

/// How 0..<count is shared out.
struct Shares {
  let count: Int
  let multiple: Int
  let shareCount: Int

  init(count: Int, grain: Int, multiple: Int = 1, threadCount: Int) {
    precondition(count >= 0 && grain > 0 && multiple > 0 && threadCount > 0, "shares of \(count) by \(grain)")
    self.count = count
    self.multiple = multiple
    let least = (grain + multiple - 1) / multiple * multiple
    shareCount = max(1, min(threadCount, count / least))
  }

  subscript(_ number: Int) -> Range<Int> { bound(number)..<bound(number + 1) }

  private func bound(_ number: Int) -> Int {
    let units = (count + multiple - 1) / multiple
    return min(count, units * number / shareCount * multiple)
  }
}
