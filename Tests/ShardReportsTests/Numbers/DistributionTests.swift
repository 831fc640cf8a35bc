import Testing

@testable import ShardReports

@Suite struct DistributionTests {
  @Test func percentilesAreValuesThatOccur() {
    let distribution = Distribution((1...100).reversed().map(UInt32.init))
    #expect(distribution.count == 100)
    #expect(distribution.mean == 50.5)
    #expect(distribution.minimum == 1)
    #expect(distribution.percentile5 == 5)
    #expect(distribution.median == 50)
    #expect(distribution.percentile99 == 99)
    #expect(distribution.maximum == 100)
  }

  @Test func nothingAndOne() {
    #expect(Distribution([]).isEmpty)
    #expect(Distribution([]).histogram.bins.isEmpty)
    let one = Distribution([7])
    #expect((one.median, one.percentile5, one.maximum) == (7, 7, 7))
    #expect(one.histogram.bins.map(\.count) == [1])
  }

  @Test func largeValuesDoNotOverflow() {
    let distribution = Distribution([UInt32.max, UInt32.max, 0])
    #expect(distribution.sum == 2 * Int(UInt32.max))
    #expect(distribution.histogram.bins.reduce(0) { $0 + $1.count } == 3)
  }
}
