import Faults
import Glibc
import Synchronization
import Telemetry
import Threads

/// Ends this process, and with it all ranks, where the ranks do not come together: MPI then waits for ever, and nobody
/// watches yet. A rank whose memory does not suffice for MPI's own segments is enough for that.
public final class StartLimit: Sendable {
  /// How long a start may take where nobody says: MPI needs minutes for thousands of ranks on a slow file system.
  public static let defaultSeconds = 600.0

  private let isOver = Atomic(false)

  /// Begins to count, and begins anew where this process was stopped and goes on.
  ///
  /// - Parameter seconds: infinite for no limit.
  public init(seconds: Double = StartLimit.defaultSeconds) {
    guard seconds.isFinite else { return }
    // The process that speaks for all ends them; the others where it is silent. Asked here and not by the thread: nobody
    // may look at the environment while MPI changes it.
    let patience: Duration = LaunchRank.speaks ? .zero : .seconds(3)
    _ = WorkerThread { self.watch(.seconds(seconds), patience) }
  }

  /// The start is over.
  public func end() { isOver.store(true, ordering: .relaxed) }

  private func watch(_ limit: Duration, _ patience: Duration) {
    var begin = ContinuousClock.now
    var last = begin
    while last - begin < limit + patience {
      usleep(100_000)
      guard !isOver.load(ordering: .relaxed) else { return }
      let now = ContinuousClock.now
      // Whoever lets a stopped process go on either waits for it, or is a launcher that kills it in a moment because
      // another rank has told of the hang: it must not tell once more.
      if now - last > .seconds(1) { begin = now }
      last = now
    }
    let fault = Fault(
      .hang, "The ranks have not come together within \(Format.duration(seconds: limit / .seconds(1)))",
      remedy: "Look at what MPI has said above, and at the memory and the machine of every rank")
    Logger().error("\(fault)")
    _exit(fault.code.rawValue)  // MPI may not have begun, so there is nothing to abort
  }
}
