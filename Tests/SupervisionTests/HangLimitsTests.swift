import Testing

@testable import Supervision

@Suite struct HangLimitsTests {
  @Test func aStepMayTakeFiveTimesAsLongAsAlmostAllDid() {
    var limits = HangLimits(floor: 20, long: 600, data: 120)
    #expect(limits.limit(of: .forward) == 600)  // nothing is known
    limits.stepPercentile = 0.5
    #expect(limits.limit(of: .forward) == 20)
    #expect(limits.limit(of: .data) == 120)
    limits.stepPercentile = 30
    #expect(limits.limit(of: .exchange) == 150)
    #expect(limits.limit(of: .data) == 150)
    #expect(limits.limit(of: .evaluation) == 600)
  }

  @Test func noLimitIsBelowTheFloor() {
    let limits = HangLimits(floor: 1_000, long: 600, data: 0)
    #expect(RankProgress.Phase.allCases.allSatisfy { limits.limit(of: $0) >= 1_000 })
  }

  @Test func twoStepsSayNothing() {
    var durations = StepDurations()
    durations.note(1)
    durations.note(1)
    #expect(durations.percentile99 == nil)
    durations.note(9)
    #expect(durations.percentile99 == 9)
  }

  @Test func oneInAHundredMayBeLonger() {
    var durations = StepDurations()
    for step in 1...100 { durations.note(Double(step)) }
    #expect(durations.percentile99 == 99)
    durations.note(1_000)
    #expect(durations.percentile99 == 100)
  }

  @Test func onlyTheLastThousandCount() {
    var durations = StepDurations()
    for _ in 0..<1_000 { durations.note(50) }
    for _ in 0..<990 { durations.note(1) }
    #expect(durations.percentile99 == 1)
  }

  @Test func aClockDoesNotCountWhatItCouldNotSee() {
    var clock = WatchClock(longestGap: 3)
    clock.look(at: 100)
    #expect(clock.seconds == 0)
    clock.look(at: 101)
    clock.look(at: 5_000)
    clock.look(at: 5_002)
    #expect(clock.seconds == 6)
    clock.look(at: 4_000)
    #expect(clock.seconds == 6)
  }
}
