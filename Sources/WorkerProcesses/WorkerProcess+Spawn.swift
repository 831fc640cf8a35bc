import CLinux
import Faults
import Glibc

extension WorkerProcess {
  /// Starts the program with `requests` and `replies` as its only descriptors but for standard error.
  ///
  /// `posix_spawn`, never `fork`: this process has threads, and MPI's.
  static func spawn(_ command: WorkerCommand, requests: Int32, replies: Int32) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    posix_spawn_file_actions_adddup2(&actions, requests, requestDescriptor)
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, replies, replyDescriptor)
    guard sgmn_close_from(&actions, replyDescriptor + 1) == 0 else {
      throw Fault(.internalError, "The system cannot close descriptors of a new process", at: command.executable)
    }

    // Ctrl-C in a terminal goes to every process of the run. The run stops in order, and its workers end with it: one
    // that died of the signal itself would look as if its clip had crashed it.
    var blocked = sigset_t()
    var defaults = sigset_t()
    sigemptyset(&blocked)
    for signal in [SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2] { sigaddset(&blocked, signal) }
    sigfillset(&defaults)
    posix_spawnattr_setsigmask(&attributes, &blocked)
    posix_spawnattr_setsigdefault(&attributes, &defaults)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

    var process = pid_t()
    let code = withStrings(command.arguments) { arguments in
      withStrings(command.environment) { environment in
        posix_spawn(&process, command.executable, &actions, &attributes, arguments, environment)
      }
    }
    guard code == 0 else { throw Fault.system("posix_spawn", path: command.executable, errno: code) }
    return process
  }

  /// Calls `body` with the strings as C wants them, nil last.
  private static func withStrings<Result>(
    _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
  ) -> Result {
    var pointers: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    return pointers.withUnsafeMutableBufferPointer { body($0.baseAddress!) }
  }
}
