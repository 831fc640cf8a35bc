import Collectives
import Testing

@testable import Supervision

/// Ranks in memory, looked at once a second of a pretended clock.
@Suite struct WatchTests {
  /// A run of some ranks, each with what it is at.
  private final class World {
    var watches: [Watch]
    let progress: [RankProgress]
    var now = 1_000.0
    var limits = HangLimits(floor: 20, long: 600, data: 120)

    init(rankCount: Int) {
      let heartbeats = MemoryHeartbeats()
      watches = (0..<rankCount).map { rank in
        let peers = HangDecision.peers(of: rank, rankCount: rankCount)
        return Watch(rank: rank, channel: heartbeats.channel(of: rank, peers: peers), period: 1)
      }
      progress = (0..<rankCount).map { _ in RankProgress() }
      limits.stepPercentile = 0.1
    }

    /// Seconds until a rank of `living` finds a hang, and which.
    func run(_ living: [Int], seconds: Int) throws -> (after: Int, rank: Int, hang: Hang)? {
      for second in 1...seconds {
        now += 1
        for rank in living {
          let hang = try watches[rank].look(progress[rank].snapshot, processor: nil, limits: limits, at: now)
          if let hang { return (second, rank, hang) }
        }
      }
      return nil
    }

    func all(_ phase: RankProgress.Phase, step: Int) { for rank in progress { rank.enter(phase, step: step) } }
  }

  @Test func ranksThatGoOnAreLeftAlone() throws {
    let world = World(rankCount: 3)
    for step in 0..<60 {
      world.all(.forward, step: step)
      #expect(try world.run([0, 1, 2], seconds: 15) == nil)
    }
  }

  @Test(arguments: [1, 2, 3]) func rankZeroMissesARankThatStopped(stopped: Int) throws {
    let world = World(rankCount: 4)
    let living = [0, 1, 2, 3].filter { $0 != stopped }
    world.all(.exchange, step: 5)
    #expect(try world.run([0, 1, 2, 3], seconds: 5) == nil)
    let found = try #require(try world.run(living, seconds: 60))
    #expect(found.rank == 0 && found.hang == Hang(culprits: [stopped], reason: .silent))
    #expect((15...22).contains(found.after))
  }

  @Test func theNextRankMissesRankZero() throws {
    let world = World(rankCount: 3)
    #expect(try world.run([0, 1, 2], seconds: 5) == nil)
    let found = try #require(try world.run([2, 1], seconds: 60))
    #expect(found.rank == 1 && found.hang == Hang(culprits: [0], reason: .silent))
  }

  @Test func aRankThatKnowsOnlyTheFirstTwoActsWithoutThem() throws {
    let world = World(rankCount: 5)
    #expect(try world.run([0, 1, 2, 3, 4], seconds: 5) == nil)
    let found = try #require(try world.run([4, 3, 2], seconds: 60))
    #expect(found.rank == 2 && found.hang == Hang(culprits: [0, 1], reason: .silent))
  }

  @Test func aLivingRankThatDoesNotGoOnIsFound() throws {
    let world = World(rankCount: 3)
    world.all(.exchange, step: 5)
    world.progress[2].enter(.backward, step: 5)
    let found = try #require(try world.run([0, 1, 2], seconds: 60))
    #expect(found.rank == 0 && found.hang == Hang(culprits: [2], reason: .works))
    #expect((20...24).contains(found.after))
  }

  @Test func anEvaluationThatTicksMayTakeForEver() throws {
    let world = World(rankCount: 2)
    world.all(.evaluation, step: 5)
    world.progress[1].enter(.gathering, step: 5)
    for _ in 0..<10 {
      #expect(try world.run([0, 1], seconds: 400) == nil)
      world.progress[0].tick(.evaluation)
    }
    let found = try #require(try world.run([0, 1], seconds: 700))
    #expect(found.hang == Hang(culprits: [0], reason: .works))
  }

  @Test func aJobThatWasStoppedAsAWholeGoesOn() throws {
    let world = World(rankCount: 2)
    world.all(.exchange, step: 5)
    #expect(try world.run([0, 1], seconds: 10) == nil)
    world.now += 3_600
    #expect(try world.run([0, 1], seconds: 5) == nil)
    world.all(.update, step: 5)
    #expect(try world.run([0, 1], seconds: 15) == nil)
  }

  /// Who does what nobody knows the length of may take as long as it likes, as long as its process lives.
  @Test func aCommandWithoutStepsIsWatchedForSilenceAlone() throws {
    let world = World(rankCount: 3)
    world.limits = HangLimits(floor: 20, long: .infinity, data: .infinity)
    world.all(.work, step: 0)
    #expect(try world.run([0, 1, 2], seconds: 10_000) == nil)
    let found = try #require(try world.run([0, 2], seconds: 60))
    #expect(found.hang == Hang(culprits: [1], reason: .silent) && found.rank == 0)
  }

  @Test func aReportNamesAllRanks() throws {
    let world = World(rankCount: 2)
    world.all(.exchange, step: 4)
    world.progress[1].enter(.forward, step: 4)
    world.progress[1].note(samples: ["live-7/clip-3"])
    let found = try #require(try world.run([0, 1], seconds: 60))
    let progress = RankProgress()
    let identities = try ["north", "south"].enumerated().map { number, host in
      var identity = try RankIdentity.all(progress, over: SoloCommunicator())[0]
      (identity.host, identity.processID) = (host, Int32(100 + number))
      return identity
    }
    let report = HangReport(hang: found.hang, ranks: world.watches[0].ranks, identities: identities)
    #expect(report.fault.code == .hang)
    #expect(report.fault.what.hasPrefix("no progress, and the others wait: rank 1 on south (pid 101), for 2"))
    #expect(report.fault.what.hasSuffix("in forward of step 5"))
    #expect(report.fault.remedy?.contains("last checkpoint") == true, "\(report.fault)")
    var other = report
    (other.isOfRun, other.option) = (false, "--hang-seconds")
    #expect(other.fault.remedy?.hasPrefix("Run the same command again. Look") == true, "\(other.fault)")
    #expect(other.fault.remedy?.hasSuffix("raise --hang-seconds") == true, "\(other.fault)")
    let lines = report.table.split(separator: "\n")
    #expect(lines.count == 3)
    #expect(lines[1].hasPrefix("0     north  100  exchange  5"))
    #expect(lines[2].hasPrefix("1     south  101  forward   5") && lines[2].hasSuffix("live-7/clip-3"))
  }
}
