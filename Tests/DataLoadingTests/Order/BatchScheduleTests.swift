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
      schedule.places(ofStep: step, rank: rank).map { order[$0] }
    }
  }

  /// What orders there are: one permutation, blocks in windows, products spread.
  static let orders: [LoaderConfiguration] = [
    LoaderConfiguration(shuffleWindow: 0, seed: 4), LoaderConfiguration(shuffleBlock: 4, shuffleWindow: 20, seed: 4),
    LoaderConfiguration(uniqueProducts: true, seed: 4),
  ]

  private func schedule(_ configuration: LoaderConfiguration, pairs: Int, rankCount: Int) throws -> BatchSchedule {
    var configuration = configuration
    configuration.pairsPerRank = pairs
    return try BatchSchedule(set, configuration: configuration, rankCount: rankCount)
  }

  /// 24 pairs a step on 1, 2, 3, 4, 6, 8 or 24 ranks: the same steps of the same samples.
  @Test(arguments: orders) func theOrderDoesNotDependOnTheRanks(_ configuration: LoaderConfiguration) throws {
    var reference: [[Int]]?
    for rankCount in [1, 2, 3, 4, 6, 8, 24] {
      let schedule = try schedule(configuration, pairs: 24 / rankCount, rankCount: rankCount)
      #expect(schedule.pairsPerStep == 24)
      let steps = (0..<(3 * schedule.stepsPerEpoch)).map { numbers(schedule, step: $0) }
      #expect(steps == reference ?? steps)
      reference = steps
    }
  }

  /// Stopped in the middle of an epoch and gone on with another number of ranks, every sample comes once.
  @Test(arguments: orders) func anEpochOnChangingRanksIsWhole(_ configuration: LoaderConfiguration) throws {
    let schedules = try [1, 4, 2, 8, 3].map { try schedule(configuration, pairs: 24 / $0, rankCount: $0) }
    for epoch in 0..<3 {
      let first = epoch * schedules[0].stepsPerEpoch
      let seen = (first..<first + schedules[0].stepsPerEpoch).flatMap { numbers(schedules[$0 % 5], step: $0) }
      #expect(seen.count == 96)
      #expect(Set(seen).count == 96)
    }
  }

  @Test func spreadProductsMeetOnlyOthers() throws {
    let schedule = try schedule(LoaderConfiguration(uniqueProducts: true, seed: 1), pairs: 8, rankCount: 3)
    for step in 0..<12 { #expect(Set(numbers(schedule, step: step).map { $0 / 2 }).count == 24) }
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

  /// Of one attempt all stand-ins differ, and none is in the step.
  @Test(arguments: orders) func standInsComeFromOutsideTheStep(_ configuration: LoaderConfiguration) throws {
    let schedule = try schedule(configuration, pairs: 10, rankCount: 3)
    for step in 0..<6 {
      let taken = numbers(schedule, step: step)
      for attempt in 0..<5 {
        let standIns = schedule.places(ofStep: step).map {
          schedule.standIn(forPlace: $0, ofStep: step, attempt: attempt)
        }
        let found = standIns.compactMap { $0 }
        #expect(Set(found).count == found.count)
        #expect(Set(found).isDisjoint(with: taken))
        #expect(found.allSatisfy { set.frameCount(at: $0) > 0 })
        for (pair, standIn) in standIns.enumerated() {
          guard let standIn, configuration.uniqueProducts else { continue }
          #expect(!taken.enumerated().contains { $0.offset != pair && $0.element / 2 == standIn / 2 })
        }
      }
      // Spread or not, some attempt succeeds.
      for place in schedule.places(ofStep: step) {
        #expect((0..<100).contains { schedule.standIn(forPlace: place, ofStep: step, attempt: $0) != nil })
      }
    }
  }

  @Test func wrongConfigurationsAreRefused() {
    let changes: [(inout LoaderConfiguration) -> Void] = [
      { $0.pairsPerRank = 0 }, { $0.framesPerClip = 0 }, { $0.framesPerClip = 513 }, { $0.prefetchBatchCount = 0 },
      { $0.readerThreadCount = 0 }, { $0.dropTailProbability = 1.1 }, { $0.dropTailProbability = .nan },
      { $0.memoryByteCount = 0 }, { $0.shuffleBlock = 0 }, { $0.shuffleWindow = -1 }, { $0.readAheadByteCount = -1 },
    ]
    for change in changes {
      var configuration = LoaderConfiguration()
      change(&configuration)
      #expect(throws: Fault.self) { try configuration.validate() }
    }
    #expect(throws: Never.self) { try LoaderConfiguration().validate() }
  }
}
