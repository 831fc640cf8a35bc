import Collectives
import Telemetry
import Threads

/// Whether the threads of a rank's kernels stay on CPUs of their own (`--pin`).
public enum Pinning: String, CaseIterable, Sendable {
  /// Where every thread has a CPU to itself.
  case auto
  case off
}

/// The threads of a rank's kernels, before there are any.
public enum RankThreads {
  /// How many threads this rank has, and where: as many as `wanted`, or with 0 an equal share of the machine's CPUs.
  ///
  /// Where threads are pinned this pins the calling one, which computes, and lets all that it starts (readers,
  /// downloads, communication) use what the rank was given. Collective; after MPI has started, whose own threads are
  /// then not pinned either.
  public static func place(_ wanted: Int, pinning: Pinning, communicator: any Communicator, logger: Logger) throws
    -> RankPlacement
  {
    let count = wanted > 0 ? wanted : Topology.current().threadCount(localRankCount: communicator.localRankCount)
    var placement = try RankPlacement.agreed(
      threadCount: count, isWanted: pinning == .auto, over: communicator)
    if let cpus = placement.cpus {
      ThreadAffinity.ofNewThreads = placement.others
      if !ThreadAffinity.set([cpus[0]]) {
        ThreadAffinity.ofNewThreads = nil
        placement.cpus = nil
        placement.obstacle = .unknownMachine
      }
    }
    if wanted > 0, case .tooManyThreads = placement.obstacle {
      logger.notice("--threads \(wanted): \(placement)")
    } else {
      logger.info("\(placement)")
    }
    return placement
  }
}
