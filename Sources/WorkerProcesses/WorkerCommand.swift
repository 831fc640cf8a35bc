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

  /// This process's environment but for what makes it a rank of a run, which a worker is not; and a worker that
  /// crashes does so at once, without the minutes that a backtrace may take.
  public static func inheritedEnvironment() -> [String] {
    var variables: [String] = []
    var next = environ
    while let entry = next.pointee {
      variables.append(String(cString: entry))
      next += 1
    }
    let dropped = ["OMPI_", "PMIX_", "PMI_", "SWIFT_BACKTRACE="]
    return variables.filter { variable in !dropped.contains { variable.hasPrefix($0) } }
      + ["SWIFT_BACKTRACE=enable=no"]
  }
}
