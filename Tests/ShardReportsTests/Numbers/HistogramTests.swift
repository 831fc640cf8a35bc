import Randomness
import Testing

@testable import ShardReports

@Suite struct HistogramTests {
  @Test func fewValuesHaveABinEach() {
    let bins = Distribution([3, 4, 4, 6]).histogram.bins
    #expect(bins.map(\.lower) == [3, 4, 5, 6])
    #expect(bins.map(\.count) == [1, 2, 0, 1])
  }

  @Test func manyValuesHaveRoundBins() {
    let bins = Distribution((100...900).map(UInt32.init)).histogram.bins
    #expect(bins.count <= 25)
    #expect(bins.first?.lower == 100)
    #expect(bins.first?.upper == 149)
  }

  @Test func aFarValueDoesNotWidenTheBins() throws {
    let bins = Distribution((0..<1000).map { UInt32($0 % 100) } + [1_000_000]).histogram.bins
    let last = try #require(bins.last)
    #expect(last.isOpen)
    #expect(last.upper == 1_000_000)
    #expect(bins[0].upper < 10)
  }

  @Test func longTailsHaveDoublingBins() {
    let values = (0..<1000).map { UInt32($0 < 600 ? 1 : $0 < 900 ? 5 : 900) }
    let bins = Distribution(values + [0]).histogram.bins
    #expect(bins.map(\.lower) == [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512])
    #expect(bins.map(\.count) == [1, 600, 0, 300, 0, 0, 0, 0, 0, 0, 100])
  }

  @Test(arguments: 0..<40) func everyValueIsInOneBin(_ number: Int) {
    var stream = RandomStream(seed: 1, "histogram", number)
    let span = 1 + stream.integer(below: [3, 30, 3_000, 3_000_000][number % 4])
    let start = stream.integer(below: 1_000)
    let values = (0..<500).map { _ in
      let value = stream.uniform()
      return UInt32(start + Int(Double(span) * (number % 3 == 0 ? value * value * value * value : value)))
    }
    let bins = Distribution(values).histogram.bins
    #expect(bins.reduce(0) { $0 + $1.count } == values.count)
    for (bin, next) in zip(bins, bins.dropFirst()) { #expect(bin.upper + 1 == next.lower) }
    #expect(bins.count <= 32)
  }

  @Test func roundSteps() {
    #expect([1, 2, 3, 6, 11, 4000].map(Histogram.roundStep) == [1, 2, 5, 10, 20, 5000])
  }
}
