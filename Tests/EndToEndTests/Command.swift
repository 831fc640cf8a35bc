import Foundation

/// A command of this package, on ranks of a real `mpirun` or alone, under a deadline.
struct Command {
  var name: String
  var arguments: [String]
  /// nil starts the command without a launcher.
  var ranks: Int?
  /// After this time `timeout` ends the job, with exit code 124.
  var seconds = 90
  /// Further variables of its environment.
  var variables: [String: String] = [:]

  init(_ name: String, _ arguments: [String], ranks: Int? = nil) {
    (self.name, self.arguments, self.ranks) = (name, arguments, ranks)
  }

  func start() throws -> Job { try Job(self) }

  func run() throws -> Job.Result { try start().finish() }

  /// The folder of the built commands: that of the running tests.
  static func products() throws -> String {
    let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    return (tests as NSString).deletingLastPathComponent
  }

  /// What a shell would run. The command is found through `PATH`, as a person has it.
  var words: [String] {
    ["timeout", "-k", "5", "\(seconds)"] + (ranks.map { ["mpirun", "-n", "\($0)"] } ?? []) + [name] + arguments
  }

  /// The caller's environment with that of cluster/openmpi.env.
  func environment() throws -> [String: String] {
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
