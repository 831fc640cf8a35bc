import Testing

@testable import DataLoading

@Suite struct ReadAheadPlanTests {
  private func schedule() throws -> BatchSchedule {
    try BatchSchedule(
      trainableSamples: Array(0..<1000),
      configuration: LoaderConfiguration(pairsPerRank: 10, shuffleBlock: 10, shuffleWindow: 100, seed: 1), rankCount: 1,
      place: "set", productKey: { UInt64($0) })
  }

  /// Whatever a step reads was announced before, by one of the ranks, once a window.
  @Test(arguments: [0, 37, 99]) func everySampleIsAnnouncedBeforeItsStep(first: Int) throws {
    let schedule = try schedule()
    var plans = (0..<3).map { ReadAheadPlan(schedule, sampleLimit: 10_000, localRank: $0, localRankCount: 3) }
    var announced: [Int: Int] = [:]
    for step in first..<first + 150 {
      for rank in plans.indices {
        for stretch in plans[rank].due(atStep: step) { for sample in stretch { announced[sample, default: 0] += 1 } }
      }
      for place in schedule.places(ofStep: step) {
        let sample = schedule.order(ofEpoch: schedule.epoch(ofStep: step))[place]
        announced[sample, default: 0] -= 1
        #expect(announced[sample, default: 0] >= 0, "sample \(sample) of step \(step)")
      }
    }
    // No more than the window under way and the next are under announcement.
    #expect(announced.values.allSatisfy { (0...2).contains($0) })
    #expect(announced.values.reduce(0, +) <= 230)
  }

  @Test func theLoadIsEven() throws {
    let schedule = try schedule()
    var plan = ReadAheadPlan(schedule, sampleLimit: 10_000, localRank: 0, localRankCount: 1)
    let counts = (0..<100).map { plan.due(atStep: $0).reduce(0) { $0 + $1.count } }
    #expect(counts[0] <= 130)  // the window under way, and the first part of the next
    #expect(counts[1...].allSatisfy { $0 <= 30 })
  }

  @Test func theLimitHolds() throws {
    let schedule = try schedule()
    var plan = ReadAheadPlan(schedule, sampleLimit: 60, localRank: 0, localRankCount: 1)
    let counts = (0..<10).map { plan.due(atStep: $0).reduce(0) { $0 + $1.count } }
    #expect(counts.reduce(0, +) <= 60 && counts[0] >= 30)
    var none = ReadAheadPlan(schedule, sampleLimit: 4, localRank: 0, localRankCount: 1)
    #expect((0..<50).allSatisfy { none.due(atStep: $0).isEmpty })
  }
}
