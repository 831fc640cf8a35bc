/// The threads of a worker: a kernel's rows are shared out among them.
final class ThreadTeam: Sendable {
  let threadCount: Int

  init(threadCount: Int) { self.threadCount = threadCount }

  /// Calls `body` with ranges that together are 0..<count, each of at least `grain` (but for the last), on the threads
  /// of the team, and returns when all are done. Ranges depend on `count`, `grain` and the thread count alone.
  func run(_ count: Int, grain: Int = 1, _ body: (Range<Int>) -> Void) {
    if count > 0 { body(0..<count) }
  }
}
