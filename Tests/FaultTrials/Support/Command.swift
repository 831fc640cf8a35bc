import Foundation

/// A command of this package, on ranks of a real `mpirun` or alone, under a deadline.
package struct Command {
  package var name: String
  package var arguments: [String]
  /// nil starts the command without a launcher.
  package var ranks: Int?
  /// What starts the launcher and what each rank starts through, say `prlimit`: words before the rest.
  package var launcherPrefix: [String] = []
  package var rankPrefix: [String] = []
  /// After this time `timeout` ends the job, with exit code 124.
  package var seconds = 90
  /// Further variables of its environment.
  package var variables: [String: String] = [:]

  package init(_ name: String, _ arguments: [String], ranks: Int? = nil) {
    (self.name, self.arguments, self.ranks) = (name, arguments, ranks)
  }

  /// The same with failpoints armed: `step.forward:sleep=20@*`.
  package func armed(_ failpoints: String...) -> Command {
    var command = self
    command.variables["SGMN_FAILPOINT"] = failpoints.joined(separator: ",")
    return command
  }

  /// The same with steps that last a tenth of a second from `step` on: a signal that is sent then comes before the end.
  package func slowed(from step: Int = World.checkpointInterval + 2) -> Command {
    armed("step.end:sleep=100@\(step)+")
  }

  /// The same where `words` come before the command of one rank alone.
  package func prefixing(_ words: String, rank: Int) -> Command {
    var command = self
    let script = "if [ \"${OMPI_COMM_WORLD_RANK:-0}\" = \(rank) ]; then exec \(words) \"$@\"; fi; exec \"$@\""
    command.rankPrefix = ["sh", "-c", script, "sh"]
    return command
  }

  package func start() throws -> Job { try Job(self) }

  package func run() throws -> Job.Result { try start().finish() }

  /// The folder of the built commands: that of the running tests.
  package static func products() throws -> String {
    let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    return (tests as NSString).deletingLastPathComponent
  }

  /// What a shell would run. The command is found through `PATH`, as a person has it.
  package var words: [String] {
    ["timeout", "-k", "5", "\(seconds)"] + launcherPrefix + (ranks.map { ["mpirun", "-n", "\($0)"] } ?? [])
      + rankPrefix + [name] + arguments
  }

  /// The caller's environment with that of cluster/openmpi.env.
  package func environment() throws -> [String: String] {
    var environment = ProcessInfo.processInfo.environment
    environment["PATH"] = try Command.products() + ":" + (environment["PATH"] ?? "/usr/bin:/bin")
    for (name, value) in [
      "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OMPI_MCA_rmaps_base_oversubscribe": "1",
      "OMPI_MCA_hwloc_base_binding_policy": "none",
      // A machine with a GPU runs the same tests: those that want one name their own libraries.
      "SGMN_CUDA_LIBRARIES": "/nowhere",
    ] { environment[name] = value }
    return environment.merging(variables) { $1 }
  }
}
