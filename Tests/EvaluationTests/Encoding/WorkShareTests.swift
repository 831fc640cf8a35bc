import Testing

@testable import Evaluation

@Suite struct WorkShareTests {
  @Test func everyItemIsDealtOnceAndBatchesDoNotDependOnTheRankCount() {
    for (items, size) in [(0, 4), (1, 4), (10, 4), (12, 4), (5, 1), (7, 100)] {
      let alone = WorkShare(itemCount: items, batchSize: size, rankCount: 1).batches(of: 0)
      for rankCount in 1...5 {
        let share = WorkShare(itemCount: items, batchSize: size, rankCount: rankCount)
        let dealt = (0..<rankCount).flatMap { share.batches(of: $0) }
        #expect(dealt.sorted { $0.lowerBound < $1.lowerBound } == alone)
        #expect((0..<rankCount).reduce(0) { $0 + share.itemCount(of: $1) } == items)
      }
    }
  }

  @Test(arguments: [1, 2, 3, 5])
  func gatheringPutsEveryItemInItsPlace(rankCount: Int) throws {
    let results = try ThreadRanks.run(rankCount) { communicator in
      let share = WorkShare(itemCount: 11, batchSize: 2, rankCount: rankCount)
      let mine = share.batches(of: communicator.rank).flatMap { $0.flatMap { [Float($0), -Float($0)] } }
      return try share.allGather(mine, width: 2, zero: 0, communicator)
    }
    for result in results { #expect(result == (0..<11).flatMap { [Float($0), -Float($0)] }) }
  }
}
