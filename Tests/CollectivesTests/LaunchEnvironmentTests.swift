import Testing

@testable import Collectives

@Suite struct LaunchEnvironmentTests {
  @Test func aPersonsShellIsNotALauncher() {
    #expect(!LaunchEnvironment([:]).isUnderMPI)
    #expect(!LaunchEnvironment(["PATH": "/bin", "OMPI_MCA_rmaps_base_oversubscribe": "1"]).isUnderMPI)
  }

  @Test func mpirunSaysHowManyRanksThereAre() {
    let launch = LaunchEnvironment(["OMPI_COMM_WORLD_SIZE": "8", "OMPI_COMM_WORLD_LOCAL_SIZE": "4"])
    #expect(launch.launcher == "mpirun" && launch.rankCount == 8 && launch.localRankCount == 4)
  }

  @Test func aBatchScriptIsNotAStepOfRanks() {
    #expect(!LaunchEnvironment(["SLURM_JOB_ID": "7", "SLURM_PROCID": "0", "SLURM_NTASKS": "8"]).isUnderMPI)
    #expect(!LaunchEnvironment(["SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "1"]).isUnderMPI)
    #expect(LaunchEnvironment(["SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "8"]).launcher == "srun")
  }

  @Test(
    arguments: [
      ("4(x2),3", 0, 4), ("4(x2),3", 1, 4), ("4(x2),3", 2, 3), ("4(x2),3", 3, nil), ("8", 0, 8), ("", 0, nil),
      ("x", 0, nil), ("4(x", 0, nil), ("4(x-1)", 0, nil), ("4(x9223372036854775807),1(x2)", 0, 4),
    ] as [(String, Int, Int?)])
  func slurmTasksOfTheNode(list: String, node: Int, expected: Int?) {
    let launch = LaunchEnvironment([
      "SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "11", "SLURM_STEP_TASKS_PER_NODE": list, "SLURM_NODEID": "\(node)",
    ])
    #expect(launch.localRankCount == expected)
  }

  @Test func nonsenseCountsAreIgnored() {
    #expect(!LaunchEnvironment(["OMPI_COMM_WORLD_SIZE": "many"]).isUnderMPI)
    #expect(!LaunchEnvironment(["PMI_SIZE": "-2"]).isUnderMPI)
  }
}
