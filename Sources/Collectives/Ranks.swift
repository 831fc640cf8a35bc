import CLinux
import CMPI
import Faults
import Foundation

/// How a process becomes one of the ranks of a run.
public enum Ranks {
  /// MPI when a launcher started this process, a `SoloCommunicator` when a person did.
  ///
  /// Under a launcher the process is bound to die with the process that started it, so that no rank outlives its
  /// `mpirun`; ranks that share cores yield while they wait; and where a container forbids it, ranks do not read each
  /// other's memory.
  ///
  /// - Throws: a `Fault` when MPI cannot start, or when the launcher and the MPI library do not know each other, which
  ///   would otherwise start as many unrelated runs as there are ranks.
  public static func start() throws -> any Communicator { try start(messageByteLimit: 1 << 30) }

  /// `start()`, with a limit on the bytes of one MPI message.
  package static func start(messageByteLimit: Int) throws -> any Communicator {
    let launch = LaunchEnvironment(ProcessInfo.processInfo.environment)
    guard launch.isUnderMPI else { return SoloCommunicator() }
    try dieWithParent()
    if ProcessInfo.processInfo.environment["SWIFT_BACKTRACE"] == nil { leaveCrashesToMPI() }
    adaptMPI(localRankCount: launch.localRankCount)
    if launch.isFirstOfMachine { AbandonedSegments.remove() }
    let ranks = try MPICommunicator(messageByteLimit: messageByteLimit)
    if let promised = launch.rankCount, promised != ranks.rankCount {
      throw Fault(
        .configuration,
        "\(launch.launcher ?? "The launcher") started \(promised) ranks, and MPI connects \(ranks.rankCount)",
        remedy: "Start with Open MPI's mpirun, or with srun --mpi=pmix")
    }
    return ranks
  }

  /// Sets what Open MPI must know of this machine before it starts; what a person has set stays.
  private static func adaptMPI(localRankCount: Int?) {
    if let localRankCount, localRankCount > Topology.current().machineCPUCount {
      // Ranks that spin while they wait take the core from the rank they wait for: eight on two cores stand still.
      setenv("OMPI_MCA_mpi_yield_when_idle", "1", 0)
    }
    if sgmn_may_read_processes() == 0 {
      // Open MPI does not try before it relies on it, and ranks then die of a segmentation fault.
      setenv("OMPI_MCA_btl_vader_single_copy_mechanism", "none", 0)
    }
  }

  /// Swift reports a crash by a process beside the one that crashed. Where `mpirun` kills the rank meanwhile, as it does
  /// with all once one has failed, that process waits for it without end, with the rank's standard error in its hands,
  /// and `mpirun` waits for that. Open MPI reports crashes within the process, by signals that nobody else has taken.
  private static func leaveCrashesToMPI() {
    for number in [SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV] { signal(number, SIG_DFL) }
  }

  private static func dieWithParent() throws {
    let parent = getppid()
    guard sgmn_die_with_parent() == 0 else { throw Fault.system("prctl", path: "PR_SET_PDEATHSIG", errno: errno) }
    // The parent may have died before the kernel knew: then nobody would ever send the signal.
    if getppid() != parent { kill(getpid(), SIGKILL) }
  }
}
