import Glibc

/// Threads that run one body each and are waited for. They are pthreads, not tasks: they block on files, and Swift's
/// cooperative pool must never be blocked.
final class ReaderThreads {
  private var threads: [pthread_t] = []

  init(count: Int, body: @escaping @Sendable () -> Void) {
    for _ in 0..<count {
      let box = Unmanaged.passRetained(ThreadBody(body))
      var thread = pthread_t()
      let code = pthread_create(
        &thread, nil,
        { argument in
          if let argument { Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().body() }
          return nil
        }, box.toOpaque())
      precondition(code == 0, "cannot start a reader thread: \(String(cString: strerror(code)))")
      threads.append(thread)
    }
  }

  /// Waits for the ends of the threads, which the caller has asked for. Twice is fine.
  func join() {
    for thread in threads { pthread_join(thread, nil) }
    threads = []
  }
}

private final class ThreadBody {
  let body: @Sendable () -> Void
  init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}
