import Glibc

/// The program that a worker runs, as `execve` wants it.
public struct WorkerCommand: Sendable, Equatable {
  public var executable: String
  /// With the program's own name first.
  public var arguments: [String]
  /// `NAME=value` each.
  public var environment: [String]

  public init(executable: String, arguments: [String], environment: [String] = WorkerCommand.inheritedEnvironment()) {
    self.executable = executable
    self.arguments = arguments
    self.environment = environment
  }

  /// The running program itself, whatever became of its file, with other arguments.
  public static func itself(_ arguments: [String]) -> WorkerCommand {
    WorkerCommand(executable: "/proc/self/exe", arguments: [CommandLine.arguments.first ?? "worker"] + arguments)
  }

  /// What a worker may know of this process's environment: where libraries are, language, time zone, and what concerns
  /// the runtime and this program. Not the rest, which may hold keys and tokens: a worker reads what others made. It is
  /// no rank either; one that crashes does so at once, without the minutes that a backtrace may take; and it multiplies no
  /// matrices, so libraries for that start no threads.
  public static func inheritedEnvironment() -> [String] {
    var variables: [String] = []
    var next = environ
    while let entry = next.pointee {
      variables.append(String(cString: entry))
      next += 1
    }
    let kept = [
      "PATH=", "HOME=", "TMPDIR=", "LANG=", "TZ=", "LC_", "LD_LIBRARY_PATH=", "MALLOC_", "GLIBC_TUNABLES=", "SGMN_",
      "ASAN_OPTIONS=", "TSAN_OPTIONS=", "UBSAN_OPTIONS=", "LLVM_PROFILE_FILE=",
    ]
    return variables.filter { variable in kept.contains { variable.hasPrefix($0) } }
      + ["SWIFT_BACKTRACE=enable=no", "OPENBLAS_NUM_THREADS=1"]
  }
}
