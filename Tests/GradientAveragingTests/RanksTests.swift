import Foundation
import ProbeJobs
import Testing

/// Exchanges between the ranks of a real `mpirun`; one job at a time, for they share the machine's cores.
@Suite(.serialized, .timeLimit(.minutes(10))) struct RanksTests {
  private func job(ranks: Int, _ arguments: [String]) throws -> ProbeJob {
    // A rank's two threads and other tests share the cores: who waits makes room.
    try ProbeJob("gradients-probe", ranks: ranks, arguments, environment: ["OMPI_MCA_mpi_yield_when_idle": "1"])
  }

  @Test(arguments: [1, 2, 3, 4]) func sumsAreRightAndTheSameHoweverTheyTravel(rankCount: Int) throws {
    let first = try job(ranks: rankCount, ["checks"]).finish()
    #expect(first.status == 0, "\(first.output)")
    let digests = first.output.split(separator: "\n").filter { $0.hasPrefix("digest ") }
    #expect(digests.count == 2, "\(first.output)")
    let second = try job(ranks: rankCount, ["checks"]).finish()
    #expect(second.output.split(separator: "\n").filter { $0.hasPrefix("digest ") } == digests, "\(second.output)")
  }

  /// The probe holds every sum against a plain loop; here the ranks' results against each other, norms included.
  @Test(arguments: [8, 16]) func inATreeTheBitsDoNotDependOnTheNumberOfRanks(leafCount: Int) throws {
    let digests = try [1, 2, 4, 8].map { rankCount in
      let result = try job(ranks: rankCount, ["tree", "\(leafCount)"]).finish()
      #expect(result.status == 0, "\(result.output)")
      return result.output.split(separator: "\n").filter { $0.hasPrefix("digest ") }
    }
    #expect(digests[0].count == 2)
    for other in digests.dropFirst() { #expect(other == digests[0]) }
  }

  @Test(arguments: [0, 1]) func aRankThatDiesInTheMiddleEndsTheJob(rank: Int) throws {
    let result = try job(ranks: 3, ["die", "\(rank)"]).finish()
    #expect(result.status == 137, "\(result.output)")
    let ranks = result.output.split(separator: "\n").compactMap {
      $0.hasPrefix("pid ") ? pid_t($0.dropFirst(4)) : nil
    }
    #expect(ranks.count == 3, "\(result.output)")
    for _ in 0..<500 where ranks.contains(where: { kill($0, 0) == 0 }) { usleep(20_000) }
    #expect(ranks.allSatisfy { kill($0, 0) != 0 }, "a rank lives on")
  }
}
