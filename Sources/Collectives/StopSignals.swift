import Faults
import Foundation
@preconcurrency import Glibc
import Synchronization

/// The polite ways to ask a run to stop, caught and remembered for the next step boundary.
///
/// A signal reaches a rank alone and at any time, so it only sets a flag; the ranks then agree on it, and all save the
/// same step. Further signals change nothing.
public enum StopSignals {
  public enum Signal: Int32, Sendable, CaseIterable {
    /// The terminal is gone. Where `nohup` has it ignored, it stays ignored.
    case hangup = 1
    /// Ctrl-C. A second one ends the process at once.
    case interrupt = 2
    /// What a scheduler sends before it kills.
    case terminate = 15
    /// What `mpirun` passes on to every rank, and Slurm's `--signal=USR1@120` sends ahead of the time limit.
    case user = 10
    /// What `mpirun` sends every rank at once when it is itself asked to end, some time before it sends SIGTERM and
    /// SIGKILL: the only early sign of that. From anybody else it means nothing but "go on", and so it does from
    /// `mpirun` where the job was stopped: that passes on the SIGCONT of a shell's `fg`, too.
    case goOn = 18

    public var name: String {
      switch self {
      case .hangup: "SIGHUP"
      case .interrupt: "SIGINT"
      case .terminate: "SIGTERM"
      case .user: "SIGUSR1"
      case .goOn: "SIGCONT of mpirun"
      }
    }
  }

  /// The number of the first signal that came, 0 before any. Touched by `install()` before a handler can run, so that
  /// no handler meets its first use.
  private static let first = Atomic<Int32>(0)

  /// The process whose SIGCONT asks to stop: the `mpirun`, or its daemon, that started this rank; 0 for none. Others
  /// send SIGCONT with another meaning: a shell its `fg`, Slurm the end of a suspension.
  private static let launcher = Atomic<pid_t>(0)

  /// Catches the signals from now on, on the calling thread even where a launcher had them blocked. May be called
  /// again.
  public static func install() throws {
    let isUnderMPIRun = LaunchEnvironment(ProcessInfo.processInfo.environment).launcher == "mpirun"
    try install(launcher: isUnderMPIRun ? getppid() : nil)
  }

  static func install(launcher process: pid_t?) throws {
    _ = first.load(ordering: .relaxed)
    launcher.store(process ?? 0, ordering: .relaxed)
    if process != nil { StoppedTime.watch() }
    var caught = sigset_t()
    sigemptyset(&caught)
    for signal in Signal.allCases where try !isLeftIgnored(signal) {
      var action = sigaction()
      action.__sigaction_handler.sa_sigaction = { number, information, _ in
        // Only lock-free atomics and the clock: nothing else is safe here.
        if number == SIGCONT {
          let isOfLauncher = information?.pointee._sifields._kill.si_pid == StopSignals.launcherOrNobody()
          guard isOfLauncher, !StoppedTime.hasJustEnded else { return }
        }
        _ = StopSignals.first.compareExchange(expected: 0, desired: number, ordering: .relaxed)
      }
      action.sa_flags = SA_RESTART | SA_SIGINFO
      if signal == .interrupt { action.sa_flags |= Int32(bitPattern: UInt32(SA_RESETHAND)) }
      sigemptyset(&action.sa_mask)
      try systemCall("sigaction", signal) { sigaction(signal.rawValue, &action, nil) }
      sigaddset(&caught, signal.rawValue)
    }
    // A signal mask is inherited through fork and exec: a parent that blocks these would make the run deaf.
    let code = pthread_sigmask(SIG_UNBLOCK, &caught, nil)
    guard code == 0 else { throw Fault.system("pthread_sigmask", path: "stop signals", errno: code) }
  }

  private static func launcherOrNobody() -> pid_t {
    let process = launcher.load(ordering: .relaxed)
    return process > 0 ? process : -1
  }

  private static func isLeftIgnored(_ signal: Signal) throws -> Bool {
    guard signal == .hangup else { return false }
    var before = sigaction()
    try systemCall("sigaction", signal) { sigaction(signal.rawValue, nil, &before) }
    return unsafeBitCast(before.__sigaction_handler.sa_handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }

  private static func systemCall(_ name: String, _ signal: Signal, _ call: () -> Int32) throws {
    guard call() == 0 else { throw Fault.system(name, path: signal.name, errno: errno) }
  }

  /// The first signal that asked this process to stop; nil while none has.
  public static var requested: Signal? { Signal(rawValue: first.load(ordering: .relaxed)) }

  public static var isRequested: Bool { requested != nil }

  /// Forgets what came.
  static func reset() { first.store(0, ordering: .relaxed) }
}
