import Faults
@preconcurrency import Glibc
import Synchronization

/// The polite ways to ask a run to stop, caught and remembered for the next step boundary.
///
/// A signal reaches a rank alone and at any time, so it only sets a flag; the ranks then agree on it
/// (`allReduceMax`), and all save the same step.
public enum StopSignals {
  public enum Signal: Int32, Sendable, CaseIterable {
    /// Ctrl-C. A second one ends the process at once.
    case interrupt = 2
    /// What a scheduler sends before it kills.
    case terminate = 15
    /// What `mpirun` passes on to every rank, and Slurm's `--signal=USR1@120` sends ahead of the time limit.
    case user = 10

    public var name: String {
      switch self {
      case .interrupt: "SIGINT"
      case .terminate: "SIGTERM"
      case .user: "SIGUSR1"
      }
    }
  }

  /// The number of the first signal that came, 0 before any. Touched by `install()` before a handler can run, so that
  /// no handler meets its first use.
  private static let first = Atomic<Int32>(0)

  /// Catches the signals from now on, on the calling thread even where a launcher had them blocked. May be called
  /// again.
  public static func install() throws {
    _ = first.load(ordering: .relaxed)
    var caught = sigset_t()
    sigemptyset(&caught)
    for signal in Signal.allCases {
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { number in
        // Only a lock-free atomic: nothing else is safe here.
        _ = StopSignals.first.compareExchange(expected: 0, desired: number, ordering: .relaxed)
      }
      action.sa_flags = signal == .interrupt ? SA_RESTART | Int32(bitPattern: UInt32(SA_RESETHAND)) : SA_RESTART
      sigemptyset(&action.sa_mask)
      guard sigaction(signal.rawValue, &action, nil) == 0 else {
        throw Fault.system("sigaction", path: signal.name, errno: errno)
      }
      sigaddset(&caught, signal.rawValue)
    }
    // A signal mask is inherited through fork and exec: a parent that blocks these would make the run deaf.
    let code = pthread_sigmask(SIG_UNBLOCK, &caught, nil)
    guard code == 0 else { throw Fault.system("pthread_sigmask", path: "stop signals", errno: code) }
  }

  /// The first signal that asked this process to stop; nil while none has.
  public static var requested: Signal? { Signal(rawValue: first.load(ordering: .relaxed)) }

  public static var isRequested: Bool { requested != nil }

  /// Forgets what came.
  static func reset() { first.store(0, ordering: .relaxed) }
}
