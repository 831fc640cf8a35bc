import DataLoading
import Faults
import ShardFormat
import Testing

@Suite struct BatchScheduleTests {
  let fixture: LoadingFixture
  let set: ShardSet

  init() throws {
    fixture = try LoadingFixture(count: 123)
    set = try ShardSet(folder: fixture.path)
  }

  private func numbers(_ schedule: BatchSchedule, step: Int) -> [Int] {
    let order = schedule.order(ofEpoch: schedule.epoch(ofStep: step))
    return (0..<schedule.rankCount).flatMap { rank in
      schedule.places(ofStep: step, rank: rank).map { schedule.sample(at: $0, of: order) }
    }
  }

  /// 24 pairs a step on 1, 2, 3, 4, 6, 8 or 24 ranks: the same steps of the same samples.
  @Test func theOrderDoesNotDependOnTheRanks() throws {
    var reference: [[Int]]?
    for rankCount in [1, 2, 3, 4, 6, 8, 24] {
      let configuration = LoaderConfiguration(pairsPerRank: 24 / rankCount, seed: 4)
      let schedule = try BatchSchedule(set, configuration: configuration, rankCount: rankCount)
      #expect(schedule.pairsPerStep == 24)
      let steps = (0..<(3 * schedule.stepsPerEpoch)).map { numbers(schedule, step: $0) }
      #expect(steps == reference ?? steps)
      reference = steps
    }
  }

  @Test func everyPairComesOnceAnEpochAndPicturesAloneNever() throws {
    let trainable = (0..<123).filter { $0 % 5 != 4 }
    for pairs in [1, 3, 7, 33] {
      let schedule = try BatchSchedule(
        set, configuration: LoaderConfiguration(pairsPerRank: pairs, seed: 1), rankCount: 3)
      #expect(schedule.stepsPerEpoch == trainable.count / (3 * pairs))
      for epoch in 0..<3 {
        let first = epoch * schedule.stepsPerEpoch
        let seen = (first..<first + schedule.stepsPerEpoch).flatMap { numbers(schedule, step: $0) }
        #expect(Set(seen).count == seen.count)
        #expect(Set(seen).isSubset(of: trainable))
        #expect(seen.count > trainable.count - 3 * pairs)
      }
    }
  }

  @Test func aBatchLargerThanTheDataIsRefusedWithBothNumbers() throws {
    let fault = try #require(throws: Fault.self) {
      _ = try BatchSchedule(set, configuration: LoaderConfiguration(pairsPerRank: 50), rankCount: 2)
    }
    #expect(fault.code == .configuration)
    #expect(fault.what.contains("100") && fault.what.contains("99"))
  }

  @Test func standInsComeFromOutsideTheStep() throws {
    let schedule = try BatchSchedule(
      set, configuration: LoaderConfiguration(pairsPerRank: 20, seed: 1), rankCount: 2)
    for step in 0..<6 {
      for place in schedule.places(ofStep: step) {
        for attempt in 0..<5 {
          let standIn = schedule.standIn(forPlace: place, ofStep: step, attempt: attempt)
          #expect(!schedule.places(ofStep: step).contains(standIn))
          #expect((0..<99).contains(standIn))
          #expect(standIn == schedule.standIn(forPlace: place, ofStep: step, attempt: attempt))
        }
      }
    }
  }

  @Test func wrongConfigurationsAreRefused() {
    let changes: [(inout LoaderConfiguration) -> Void] = [
      { $0.pairsPerRank = 0 }, { $0.framesPerClip = 0 }, { $0.framesPerClip = 513 }, { $0.prefetchBatchCount = 0 },
      { $0.readerThreadCount = 0 }, { $0.badSampleBudget = -1 }, { $0.dropTailProbability = 1.1 },
      { $0.dropTailProbability = .nan },
    ]
    for change in changes {
      var configuration = LoaderConfiguration()
      change(&configuration)
      #expect(throws: Fault.self) { try configuration.validate() }
    }
    #expect(throws: Never.self) { try LoaderConfiguration().validate() }
  }
}
