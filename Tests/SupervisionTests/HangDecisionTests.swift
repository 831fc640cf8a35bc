import Testing

@testable import Supervision

@Suite struct HangDecisionTests {
  private let limits: HangLimits = {
    var limits = HangLimits(floor: 20, long: 600, data: 120)
    limits.stepPercentile = 1
    return limits
  }()

  private func rank(
    _ rank: Int, _ phase: RankProgress.Phase, step: Int = 7, seconds: Double = 25, silence: Double = 0.5,
    processor: Double? = nil
  ) -> WatchedRank {
    WatchedRank(
      rank: rank,
      heartbeat: Heartbeat(phase: phase, step: step, seconds: seconds, processorSeconds: processor), silence: silence)
  }

  private func hang(_ ranks: [WatchedRank], watcher: Int = 0) -> Hang? {
    HangDecision.hang(ranks, watcher: watcher, limits: limits)
  }

  @Test func aRunThatGoesOnHasNoCulprit() {
    #expect(hang([rank(0, .forward, seconds: 0.1), rank(1, .exchange, seconds: 0.2)]) == nil)
    #expect(hang([rank(0, .exchange), rank(1, .forward, seconds: 19)]) == nil)
    #expect(hang([rank(0, .forward, seconds: 0)]) == nil)
  }

  @Test func whoIsSilentIsTheCulpritWhateverTheOthersDo() {
    #expect(hang([rank(0, .exchange), rank(1, .forward, silence: 20.5)]) == Hang(culprits: [1], reason: .silent))
    #expect(
      hang([rank(0, .forward, seconds: 0), rank(1, .starting, silence: 21), rank(2, .checkpoint, silence: 30)])
        == Hang(culprits: [1, 2], reason: .silent))
    #expect(hang([rank(0, .forward, seconds: 0), rank(1, .forward, silence: 19.5)]) == nil)
  }

  @Test func whoFallsSilentIsTheCulpritWhenTheRunStandsStill() {
    #expect(hang([rank(0, .exchange), rank(1, .exchange, silence: 6)]) == Hang(culprits: [1], reason: .silent))
    #expect(hang([rank(0, .exchange), rank(1, .exchange, silence: 4)])?.culprits == [0, 1])
    #expect(hang([rank(0, .exchange, seconds: 3), rank(1, .exchange, silence: 6)]) == nil)
  }

  @Test func whoWorksIsTheCulpritOfThoseWhoWait() {
    #expect(hang([rank(0, .exchange), rank(1, .forward), rank(2, .exchange)]) == Hang(culprits: [1], reason: .works))
    #expect(hang([rank(0, .update, step: 7), rank(1, .orders, step: 8)]) == Hang(culprits: [0], reason: .works))
    #expect(hang([rank(0, .exchange), rank(1, .backward), rank(2, .forward)])?.culprits == [1, 2])
    #expect(hang([rank(0, .forward)]) == Hang(culprits: [0], reason: .works))
  }

  @Test(arguments: [(RankProgress.Phase.checkpoint, 600.0), (.evaluation, 600), (.starting, 600), (.data, 120)])
  func whatMayTakeLongerHasALongerLimit(phase: RankProgress.Phase, limit: Double) {
    #expect(hang([rank(0, phase, seconds: limit - 1), rank(1, .orders, seconds: limit - 1)]) == nil)
    #expect(
      hang([rank(0, phase, seconds: limit), rank(1, .orders, seconds: limit)]) == Hang(culprits: [0], reason: .works))
  }

  @Test func ofThoseWhoWaitTheHindmostIsTheCulprit() {
    #expect(hang([rank(0, .exchange), rank(1, .orders)]) == Hang(culprits: [1], reason: .waits))
    #expect(hang([rank(0, .orders, step: 8), rank(1, .exchange, step: 7)])?.culprits == [1])
    // What follows an update bears the number of the next step, before its orders.
    #expect(hang([rank(0, .orders, step: 8), rank(1, .comparison, step: 8)])?.culprits == [1])
    #expect(hang([rank(0, .exchange), rank(1, .exchange)]) == Hang(culprits: [0, 1], reason: .waits))
  }

  @Test func ofThoseWhoWaitAlikeTheOneThatSleepsIsTheCulprit() {
    #expect(
      hang([rank(0, .exchange, processor: 20), rank(1, .exchange, processor: 0.001)])
        == Hang(culprits: [1], reason: .waits))
    #expect(hang([rank(0, .exchange, processor: 0), rank(1, .exchange, processor: 0)])?.culprits == [0, 1])
    #expect(hang([rank(0, .exchange, processor: 6), rank(1, .exchange, processor: 5)])?.culprits == [0, 1])
  }

  @Test func aRankActsWhereThoseBeforeItAreSilent() {
    let silent = [rank(0, .forward, silence: 21), rank(1, .exchange, silence: 0.5)]
    #expect(hang(silent, watcher: 1) == Hang(culprits: [0], reason: .silent))
    #expect(hang(silent + [rank(2, .exchange, silence: 0)], watcher: 2) == nil)
    // Of one that lives and has not seen its own progress the second rank does not judge.
    #expect(hang([rank(0, .exchange), rank(1, .exchange)], watcher: 1) == nil)
    #expect(hang([rank(0, .exchange), rank(1, .exchange), rank(2, .exchange, silence: 99)], watcher: 1) == nil)
  }

  @Test func theLowestLivingRankIsTheFirstToAct() {
    func both(_ silence: Double) -> [WatchedRank] {
      [rank(0, .forward, silence: silence), rank(1, .forward, silence: silence)]
    }
    #expect(hang(both(20.6), watcher: 2) == Hang(culprits: [0, 1], reason: .silent))
    #expect(hang(both(20.6), watcher: 3) == nil)
    #expect(hang(both(21.1), watcher: 3) == Hang(culprits: [0, 1], reason: .silent))
    #expect(hang(both(26), watcher: 5_000) == Hang(culprits: [0, 1], reason: .silent))
  }

  @Test(arguments: [1, 2, 3, 8]) func peersNameEachOther(rankCount: Int) {
    for rank in 0..<rankCount {
      let peers = HangDecision.peers(of: rank, rankCount: rankCount)
      #expect(!peers.contains(rank))
      #expect(peers.allSatisfy { HangDecision.peers(of: $0, rankCount: rankCount).contains(rank) })
      #expect(Set(peers).isSuperset(of: Set(0..<min(2, rankCount)).subtracting([rank])))
    }
    #expect(HangDecision.peers(of: 0, rankCount: rankCount).count == rankCount - 1)
  }
}
