import Glibc

/// A thread of its own for work that blocks or computes for long, away from Swift's cooperative pool.
public final class WorkerThread {
  private let thread: pthread_t

  private final class Body: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  /// Starts `body`; nil where the system gives no thread.
  public init?(_ body: @escaping @Sendable () -> Void) {
    let box = Unmanaged.passRetained(Body(body))
    var thread = pthread_t()
    let status = pthread_create(
      &thread, nil,
      { context in
        Unmanaged<Body>.fromOpaque(context!).takeRetainedValue().run()
        return nil
      }, box.toOpaque())
    guard status == 0 else {
      box.release()
      return nil
    }
    self.thread = thread
  }

  /// Waits for the end of `body`; once.
  public func join() { pthread_join(thread, nil) }
}
