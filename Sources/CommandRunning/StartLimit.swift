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

  /// Begins to count.
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
    guard Countdown.ends(limit + patience, unless: { isOver.load(ordering: .relaxed) }) else { return }
    let fault = Fault(
      .hang, "The ranks have not come together within \(Format.duration(seconds: limit / .seconds(1)))",
      remedy: "Look at what MPI has said above, and at the memory and the machine of every rank")
    Logger().error("\(fault)")
    _exit(fault.code.rawValue)  // MPI may not have begun, so there is nothing to abort
  }
}
