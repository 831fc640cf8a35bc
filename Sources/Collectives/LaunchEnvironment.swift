/// What the environment of a process says about who started it: a pure reading of its variables.
public struct LaunchEnvironment: Sendable, Equatable {
  /// The launcher's name, nil when the process was started by hand.
  public var launcher: String?
  /// The ranks that the launcher says it started; nil when it does not say.
  public var rankCount: Int?
  /// The ranks on this machine; nil when the launcher does not say.
  public var localRankCount: Int?

  /// Whether this is one rank alone among those on this machine; true of all where the launcher does not say.
  public var isFirstOfMachine = true

  public var isUnderMPI: Bool { launcher != nil }

  /// Reads the variables of Open MPI's `mpirun`, of PMIx and PMI launchers, and of a Slurm step with several tasks.
  ///
  /// A batch script's own shell carries Slurm variables too, but no step of several tasks: what runs there directly
  /// is started by hand.
  public init(_ variables: [String: String]) {
    func count(_ name: String) -> Int? { variables[name].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil } }
    if let ranks = count("OMPI_COMM_WORLD_SIZE") {
      launcher = "mpirun"
      rankCount = ranks
      localRankCount = count("OMPI_COMM_WORLD_LOCAL_SIZE")
      isFirstOfMachine = variables["OMPI_COMM_WORLD_LOCAL_RANK", default: "0"] == "0"
    } else if variables["SLURM_STEP_ID"] != nil, let ranks = count("SLURM_STEP_NUM_TASKS"), ranks > 1 {
      launcher = "srun"
      rankCount = ranks
      localRankCount = Self.slurmTasksOnNode(variables)
      isFirstOfMachine = variables["SLURM_LOCALID", default: "0"] == "0"
    } else if let ranks = count("PMI_SIZE") {
      launcher = "a PMI launcher"
      rankCount = ranks
      localRankCount = count("MPI_LOCALNRANKS")
    } else if variables["PMIX_RANK"] != nil {
      launcher = "a PMIx launcher"
    }
  }

  /// Slurm writes tasks per node as `4(x2),3`: four on each of the first two nodes, three on the third.
  private static func slurmTasksOnNode(_ variables: [String: String]) -> Int? {
    guard let list = variables["SLURM_STEP_TASKS_PER_NODE"] ?? variables["SLURM_TASKS_PER_NODE"] else { return nil }
    guard let node = variables["SLURM_NODEID"].flatMap({ Int($0) }), node >= 0 else { return nil }
    var firstNode = 0
    for item in list.split(separator: ",") {
      let parts = item.split(separator: "(x", omittingEmptySubsequences: false)
      guard let tasks = parts.first.flatMap({ Int($0) }), tasks > 0 else { return nil }
      var nodes = 1
      if parts.count == 2 {
        guard parts[1].last == ")", let repeats = Int(parts[1].dropLast()), repeats > 0 else { return nil }
        nodes = repeats
      }
      let (end, overflow) = firstNode.addingReportingOverflow(nodes)
      if overflow { return nil }
      if node < end { return tasks }
      firstNode = end
    }
    return nil
  }
}
