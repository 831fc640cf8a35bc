import Randomness
import TensorCore
import Testing

@Suite struct OrderingTests {
  @Test(arguments: [1, 2, 8, 9, 33])
  func gradientsOfWhatWasPicked(columns: Int) {
    let x = Numbers.normal([2, 3, columns])
    expectRightGradients([x]) { $0[0].top((columns + 1) / 2).values }
    expectRightGradients([x]) { $0[0].sortedDescending().values }
    expectRightGradients([x]) { $0[0].rowMaximum() }
    expectRightGradients([x]) { (2 * $0[0]).top(1).values }
  }

  @Test(arguments: [1, 7, 8, 9, 16, 17, 63, 64, 65, 300])
  func sortsStably(columns: Int) {
    var stream = RandomStream(seed: 4, "ties", columns)
    let values = (0..<(3 * columns)).map { _ in Float(stream.integer(below: 5)) }  // many ties
    let (sorted, indices) = Tensor(values, shape: [3, columns], backend: cpu).sortedDescending()
    for row in 0..<3 {
      let x = Array(values[(row * columns)..<((row + 1) * columns)])
      let expected = x.indices.sorted { (-x[$0], $0) < (-x[$1], $1) }
      #expect(indices.values()[(row * columns)..<((row + 1) * columns)].map(Int.init) == expected)
      #expect(Array(sorted.floats()[(row * columns)..<((row + 1) * columns)]) == expected.map { x[$0] })
    }
  }

  @Test func equalValuesKeepTheOrderOfColumns() {
    let x = Tensor([2.0, 5, 5, 1, 5], shape: [5], backend: cpu)
    #expect(x.top(3).indices.values() == [1, 2, 4])
  }

  @Test func nanIsBelowEveryNumber() {
    let x = Tensor([1, Float.nan, 2, -.infinity, 3], shape: [1, 5], backend: cpu)
    #expect(x.sortedDescending().indices.values() == [4, 2, 0, 3, 1])
  }
}
