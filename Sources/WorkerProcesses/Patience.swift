import Faults
import Glibc

/// The time that is left for an answer.
struct Patience {
  private let seconds: Double
  private var left: Double
  private let cancellation: Cancellation
  /// The longest single wait, and so the time until a cancellation is seen.
  private static let slice = 0.1

  init(seconds: Double, cancellation: Cancellation) {
    self.seconds = seconds
    self.cancellation = cancellation
    left = seconds
  }

  /// Returns when `descriptor` is ready. Throws `WorkerFailure.hung` when the time is up, `.cancelled` when cancelled.
  mutating func wait(for events: Int16, on descriptor: Int32) throws {
    while true {
      if cancellation.isRaised { throw WorkerFailure.cancelled }
      guard left > 0 else { throw WorkerFailure.hung(seconds: seconds) }
      let slice = min(left, Patience.slice)
      var item = pollfd(fd: descriptor, events: events, revents: 0)
      let start = ContinuousClock.now
      let count = poll(&item, 1, Int32((slice * 1000).rounded(.up)))
      let code = errno
      // A process that was stopped and goes on finds that much time has passed for it and none for its worker: a wait
      // counts for no more than its slice.
      left -= min((ContinuousClock.now - start) / .seconds(1), slice)
      if count > 0 { return }
      if count < 0, code != EINTR { throw Fault.system("poll", path: "a worker process", errno: code) }
    }
  }
}
