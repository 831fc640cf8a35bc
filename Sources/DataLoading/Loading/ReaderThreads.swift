import Threads

/// Threads that run one body each and are waited for.
final class ReaderThreads {
  private var threads: [WorkerThread] = []

  init(count: Int, body: @escaping @Sendable () -> Void) {
    for _ in 0..<count {
      guard let thread = WorkerThread(body) else { preconditionFailure("the system gives no thread for reading") }
      threads.append(thread)
    }
  }

  /// Waits for the ends of the threads, which the caller has asked for. Twice is fine.
  func join() {
    for thread in threads { thread.join() }
    threads = []
  }
}
