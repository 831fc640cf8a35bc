import Randomness
import Testing

@testable import DataLoading

@Suite struct ShuffleQualityTests {
  private func quality(_ count: Int, window: Int, unique: Bool = false) throws -> ShuffleQuality {
    let configuration = LoaderConfiguration(
      pairsPerRank: 16, shuffleBlock: 8, shuffleWindow: window, uniqueProducts: unique, seed: 5)
    return ShuffleQuality.measure(
      try BatchSchedule(
        trainableSamples: (0..<Int32(count)).map { 3 * $0 }, configuration: configuration, rankCount: 2, place: "set",
        productKey: { UInt64($0 / 6) }))
  }

  @Test func noOrderHasNoQuality() {
    let quality = ShuffleQuality.measure(
      count: 1000, placeCount: 1000, batch: 10, block: 10, windows: [0..<1000], first: { $0 }, second: { $0 })
    #expect(quality.neighbourShare == 1)
    #expect(abs(quality.randomNeighbourShare - 9.0 * 1990 / (1000 * 999)) < 1e-12)
    #expect(abs(quality.independence - 1 / (1 + 9 * (1 - quality.randomNeighbourShare))) < 1e-12)
    #expect(quality.travel == 0)
    #expect(quality.quality == 0)
    #expect(quality.seeksPerSample == 0.001)
  }

  @Test func countsAreThoseOfASmallExample() {
    let order = [0, 1, 5, 9, 2, 3, 4, 8, 6, 7]
    let quality = ShuffleQuality.measure(
      count: 10, placeCount: 10, batch: 5, block: 2, windows: [0..<5], first: { order[$0] },
      second: { order[9 - $0] })
    // Neighbours differ by 1: (0, 1), (1, 2) in the first batch; (3, 4), (6, 7), (7, 8) in the second; of 20 pairs.
    #expect(quality.neighbourShare == 5.0 / 20)
    #expect(abs(quality.randomNeighbourShare - 9.0 / 45) < 1e-12)
    // 0 1 2 | 5 | 9, and then one by one.
    #expect(quality.seeksPerSample == 0.8)
    // Mirrored, a place moves by 9, 7, 5, 3, 1, 1, 3, 5, 7, 9.
    #expect(abs(quality.travel - 5 / (10.0 / 3 - 1.0 / 30)) < 1e-12)
  }

  @Test func aFullPermutationIsAsRandom() throws {
    let quality = try quality(20_000, window: 0)
    #expect(abs(quality.neighbourRatio - 1) < 0.2)
    #expect(abs(quality.travel - 1) < 0.03)
    #expect(quality.quality > 0.96)
    #expect(quality.seeksPerSample == 1)
  }

  @Test func windowsTradeALittleMixingForFewSeeks() throws {
    let quality = try quality(20_000, window: 2000)
    #expect(abs(quality.neighbourShare - 7.0 / 2000) < 0.002)
    #expect((0.8..<0.97).contains(quality.quality))
    #expect(abs(quality.travel - 1) < 0.05)
    #expect((0.1..<0.14).contains(quality.seeksPerSample))  // one in eight
    let coarse = try self.quality(20_000, window: 200)
    #expect(coarse.quality < quality.quality - 0.2)
  }

  @Test func spreadProductsAreMixedWell() throws {
    let quality = try quality(20_000, window: 2000, unique: true)
    #expect(quality.quality > 0.96)
    #expect(quality.seeksPerSample == 1)
  }
}
