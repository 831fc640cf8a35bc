import Glibc

/// A thread of its own for work that blocks or computes for long, away from Swift's cooperative pool.
///
/// Where nobody keeps it to `join` it, it goes on alone, and its stack goes with its end.
public final class WorkerThread {
  private let thread: pthread_t
  private var isJoined = false

  private final class Body: Sendable {
    let cpus: [Int]?
    let run: @Sendable () -> Void

    init(_ cpus: [Int]?, _ run: @escaping @Sendable () -> Void) {
      self.cpus = cpus
      self.run = run
    }
  }

  /// Starts `body` on any of `cpus`, which are `ThreadAffinity.ofNewThreads` where none are named; nil where the system
  /// gives no thread.
  public init?(on cpus: [Int]? = nil, _ body: @escaping @Sendable () -> Void) {
    let box = Unmanaged.passRetained(Body(cpus ?? ThreadAffinity.ofNewThreads, body))
    var thread = pthread_t()
    let status = pthread_create(
      &thread, nil,
      { context in
        let body = Unmanaged<Body>.fromOpaque(context!).takeRetainedValue()
        // A CPU that was taken from the process meanwhile is no reason to end: the thread then runs anywhere.
        if let cpus = body.cpus { ThreadAffinity.set(cpus) }
        body.run()
        return nil
      }, box.toOpaque())
    guard status == 0 else {
      box.release()
      return nil
    }
    self.thread = thread
  }

  /// Waits for the end of `body`; once.
  public func join() {
    pthread_join(thread, nil)
    isJoined = true
  }

  deinit {
    if !isJoined { pthread_detach(thread) }
  }
}
