import DataLoading
import Testing

@Suite struct SampleOrderTests {
  @Test func everyCountIsAPermutation() {
    let counts = Array(0...130) + [255, 256, 257, 1000, 1023, 1025, 4097, 10_007]
    for count in counts {
      let order = SampleOrder(count: count, seed: 7, epoch: count % 3)
      #expect(Set((0..<count).map { order[$0] }) == Set(0..<count), "\(count) samples")
    }
  }

  @Test func itIsAFunctionOfSeedAndEpoch() {
    func order(_ seed: UInt64, _ epoch: Int) -> [Int] {
      let order = SampleOrder(count: 500, seed: seed, epoch: epoch)
      return (0..<500).map { order[$0] }
    }
    #expect(order(1, 0) == order(1, 0))
    let all = [order(1, 0), order(1, 1), order(1, 2), order(2, 0), Array(0..<500)]
    #expect(Set(all).count == all.count)
    // Two random permutations of n agree in about one place.
    for other in all[1...] { #expect(zip(all[0], other).count { $0 == $1 } < 10) }
  }

  /// Each place should see each tenth of the samples equally often: χ² with 9 degrees of freedom, below its 99.99 %.
  @Test func everyPlaceSeesEverySample() {
    let (count, epochs) = (100, 2000)
    for place in [0, 1, 50, 99] {
      var seen = [Int](repeating: 0, count: 10)
      for epoch in 0..<epochs { seen[SampleOrder(count: count, seed: 3, epoch: epoch)[place] / 10] += 1 }
      let expected = Double(epochs) / 10
      let chiSquare = seen.reduce(0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
      #expect(chiSquare < 33.7, "place \(place): \(seen)")
    }
  }

  @Test func aMillionSamplesNeedNoTable() {
    let order = SampleOrder(count: 4_013_617, seed: 1, epoch: 9)
    #expect((0..<1000).allSatisfy { (0..<4_013_617).contains(order[$0 * 4013]) })
  }
}
