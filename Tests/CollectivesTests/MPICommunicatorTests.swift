import Collectives
import Foundation
import ProbeJobs
import Testing

/// Real ranks under a real `mpirun`; one job at a time, for they share the machine's cores.
@Suite(.serialized, .timeLimit(.minutes(10))) struct MPICommunicatorTests {
  @Test(arguments: [1, 2, 3, 4, 8]) func everyCollectiveIsExactAndRepeatable(rankCount: Int) throws {
    let first = try ProbeJob("collectives-probe", ranks: rankCount, ["checks"]).finish()
    #expect(first.status == 0, "\(first.output)")
    let digest = first.output.split(separator: "\n").first { $0.hasPrefix("digest ") }
    #expect(digest != nil, "\(first.output)")
    let second = try ProbeJob("collectives-probe", ranks: rankCount, ["digest"]).finish()
    #expect(second.output.split(separator: "\n").contains { $0 == digest }, "\(second.output)")
  }

  @Test func dataThatOneMessageCannotCountIsCut() throws {
    let result = try ProbeJob("collectives-probe", ranks: 3, ["checks", "1000"]).finish()
    #expect(result.status == 0, "\(result.output)")
  }

  @Test func withoutALauncherOneRankPassesTheSameChecks() throws {
    let result = try ProbeJob("collectives-probe", ranks: nil, ["checks"]).finish()
    #expect(result.status == 0, "\(result.output)")
  }

  @Test(arguments: [(3, 1, 65), (4, 0, 75), (2, 1, 82)]) func abortCodeIsTheStatusOfTheJob(
    rankCount: Int, rank: Int, code: Int
  ) throws {
    let result = try ProbeJob("collectives-probe", ranks: rankCount, ["abort", "\(rank)", "\(code)"], seconds: 20)
      .finish()
    #expect(result.status == Int32(code), "\(result.output)")
    #expect(result.output.contains("last words"))
  }

  @Test(arguments: [0, 2]) func aKilledRankEndsTheJob(rank: Int) throws {
    let result = try ProbeJob("collectives-probe", ranks: 3, ["die", "\(rank)"], seconds: 30).finish()
    #expect(result.status == 137, "\(result.output)")
    #expect(result.seconds < 15)
  }

  @Test func noRankOutlivesItsLauncher() throws {
    let job = try ProbeJob("collectives-probe", ranks: 3, ["wait"], seconds: 30)
    func ranks() -> [pid_t] {
      job.output.split(separator: "\n").compactMap { $0.hasPrefix("pid ") ? pid_t($0.dropFirst(4)) : nil }
    }
    #expect(ProbeJob.wait { ranks().count == 3 }, "\(job.output)")
    let launcher = try #require(job.launcherProcess)
    kill(launcher, SIGKILL)
    #expect(ProbeJob.wait { ranks().allSatisfy { kill($0, 0) != 0 } }, "a rank lives on")
    _ = job.finish()
  }

  @Test func aSignalToTheLauncherStopsAllRanksAtTheSameStep() throws {
    let job = try ProbeJob("collectives-probe", ranks: 3, ["stop"], seconds: 30)
    #expect(ProbeJob.wait { job.output.contains("ready") }, "\(job.output)")
    kill(try #require(job.launcherProcess), SIGUSR1)
    let result = job.finish()
    #expect(result.status == 0, "\(result.output)")
    #expect(result.output.contains("stopped together"), "\(result.output)")
  }

  @Test func aLauncherThatMPIDoesNotKnowIsRefused() throws {
    let result = try ProbeJob(
      "collectives-probe", ranks: nil, ["checks"], seconds: 20, environment: ["PMI_SIZE": "4", "PMI_RANK": "0"]
    ).finish()
    #expect(result.status == 78, "\(result.output)")
    #expect(result.output.contains("started 4 ranks"), "\(result.output)")
  }
}
