import Testing

@testable import DataLoading

@Suite struct SampleOrderTests {
  private func samples(_ order: SampleOrder) -> [Int] { (0..<order.count).map { order[$0] } }

  @Test func everyCountIsAPermutation() {
    let counts = Array(0...130) + [255, 256, 257, 1000, 1023, 1025, 4097, 10_007]
    for count in counts {
      let order = SampleOrder(count: count, seed: 7, epoch: count % 3)
      #expect(Set(samples(order)) == Set(0..<count), "\(count) samples")
    }
  }

  /// Sets just below, at and above whole blocks and windows.
  @Test(arguments: [(1, 1), (1, 5), (4, 3), (4, 4), (4, 12), (5, 17), (8, 64), (32, 100)])
  func everyCountIsAPermutationInBlocksAndWindows(block: Int, window: Int) {
    let edges = [window, 2 * window, 7 * window, block, window + block, 3 * window + block]
    for count in Set(Array(0...70) + edges.flatMap { [$0 - 1, $0, $0 + 1] } + [1009]) where count >= 0 {
      let order = SampleOrder(count: count, block: block, window: window, seed: 3, epoch: count % 4)
      #expect(Set(samples(order)) == Set(0..<count), "\(count) samples")
    }
  }

  @Test(arguments: [(8, 64), (5, 17), (32, 100)]) func windowsHoldWholeStretchesAndNothingElse(block: Int, window: Int)
  {
    for count in [101, 640, 641, 1009] {
      let order = SampleOrder(count: count, block: block, window: window, seed: 3, epoch: 1)
      var end = 0
      for number in 0..<order.windowCount {
        let places = order.places(ofWindow: number)
        #expect(places.lowerBound == end)
        end = places.upperBound
        #expect(places.count >= window / 4 && places.count < window + block)
        #expect(places.allSatisfy { order.window(ofPlace: $0) == number })
        let stretches = order.stretches(ofWindow: number)
        #expect(stretches.allSatisfy { (1...block).contains($0.count) })
        #expect(zip(stretches, stretches.dropFirst()).allSatisfy { $0.upperBound <= $1.lowerBound })
        #expect(stretches.count <= window / block + 2)  // what is over, and one that is cut by the end of the set
        #expect(places.map { order[$0] }.sorted() == stretches.flatMap { Array($0) })
      }
      #expect(end == count)
    }
  }

  @Test func aSetOfOneWindowIsOnePermutation() {
    for window in [0, 500, 1 << 20] {
      let order = SampleOrder(count: 500, block: 8, window: window, seed: 1, epoch: 0)
      #expect(order.windowCount == 1)
      #expect(samples(order) == samples(SampleOrder(count: 500, block: 1, window: 0, seed: 1, epoch: 0)))
      #expect(order.stretches(ofWindow: 0).flatMap { Array($0) } == Array(0..<500))
    }
  }

  @Test(arguments: [0, 64]) func itIsAFunctionOfSeedAndEpoch(window: Int) {
    func order(_ seed: UInt64, _ epoch: Int) -> [Int] {
      samples(SampleOrder(count: 500, block: 4, window: window, seed: seed, epoch: epoch))
    }
    #expect(order(1, 0) == order(1, 0))
    let all = [order(1, 0), order(1, 1), order(1, 2), order(2, 0), Array(0..<500)]
    #expect(Set(all).count == all.count)
    // Two random permutations of n agree in about one place.
    for other in all[1...] { #expect(zip(all[0], other).count { $0 == $1 } < 10) }
  }

  /// Each place should see each tenth of the samples equally often: χ² with 9 degrees of freedom, below its 99.99 %.
  @Test(arguments: [0, 20]) func everyPlaceSeesEverySample(window: Int) {
    let (count, epochs) = (100, 2000)
    for place in [0, 1, 50, 99] {
      var seen = [Int](repeating: 0, count: 10)
      for epoch in 0..<epochs {
        seen[SampleOrder(count: count, block: 3, window: window, seed: 3, epoch: epoch)[place] / 10] += 1
      }
      let expected = Double(epochs) / 10
      let chiSquare = seen.reduce(0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
      #expect(chiSquare < 33.7, "place \(place): \(seen)")
    }
  }

  /// The blocks are cut elsewhere every epoch: two neighbours are not always together.
  @Test func neighboursChange() {
    var together = 0
    for epoch in 0..<200 {
      let order = SampleOrder(count: 1000, block: 10, window: 50, seed: 2, epoch: epoch)
      let places = (0..<1000).filter { [499, 500].contains(order[$0]) }
      if order.window(ofPlace: places[0]) == order.window(ofPlace: places[1]) { together += 1 }
    }
    // In one block nine times of ten, and else in one window by chance.
    #expect((160..<196).contains(together))
  }

  @Test func millionsOfSamplesNeedNoTable() {
    let order = SampleOrder(count: 4_013_617, seed: 1, epoch: 9)
    #expect(order.windowCount == 245)
    #expect((0..<1000).allSatisfy { (0..<4_013_617).contains(order[$0 * 4013]) })
  }
}
