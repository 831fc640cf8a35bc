import Testing

@testable import CUDAWorker

@Suite struct RowScatterTests {
  @Test func rowsThatDoNotMeetNeedNoPlan() {
    #expect(RowScatter([], targetCount: 0) == nil)
    #expect(RowScatter([-1, -1, -1], targetCount: 2) == nil)
    #expect(RowScatter([3, -1, 0, 2, -1], targetCount: 4) == nil)
  }

  @Test func fewRowsOfATargetAreOneSegment() throws {
    let scatter = try #require(RowScatter([2, 0, -1, 2, 0, 2], targetCount: 4))
    #expect(scatter.sources == [1, 4, 0, 3, 5])
    #expect(scatter.begins == [0, 2, 5])
    #expect(scatter.targets == [0, 2])
    #expect(scatter.partialCount == 0)
  }

  @Test func manyRowsOfATargetAreCut() throws {
    // 2,816 to row 1: 53 segments of 54 rows at most, next to a row with one.
    let indices = [0] + [Int32](repeating: 1, count: 2816) + [3]
    let scatter = try #require(RowScatter(indices, targetCount: 4))
    #expect(scatter.sources == Array(0..<2818))
    #expect(scatter.partialTargets == [1])
    #expect(scatter.partialBegins == [0, 53])
    #expect(scatter.targets == [0] + (0..<53).map { -1 - $0 } + [3])
    let lengths = zip(scatter.begins, scatter.begins.dropFirst()).map { $1 - $0 }
    #expect(lengths.max() == 54 && lengths.reduce(0, +) == 2818)
  }
}
