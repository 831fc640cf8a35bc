import TensorCore
import Testing

@Suite struct ReductionsTests {
  @Test(arguments: [[], [1], [17], [3, 5], [2, 3, 1, 7]])
  func ofAll(shape: [Int]) {
    expectRightGradients([.normal(shape)]) { $0[0].sum() }
    expectRightGradients([.normal(shape)]) { $0[0].mean() }
  }

  @Test(arguments: [[1, 1], [3, 5], [2, 3, 7]])
  func ofRowsAndAxes(shape: [Int]) {
    expectRightGradients([.normal(shape)]) { $0[0].rowSums() }
    for axis in shape.indices {
      expectRightGradients([.normal(shape)]) { $0[0].sum(axis: axis) }
      expectRightGradients([.normal(shape)]) { (2 * $0[0]).mean(axis: axis) }
    }
    let x = Numbers.normal(shape).tensor(.float64)
    expectClose(x.sum(axis: shape.count - 1).doubles(), x.rowSums().doubles(), 1e-14)
  }

  @Test func countingPositives() {
    let x = Tensor([-1, 0, 1e-30, 2, Float.nan, .infinity], shape: [2, 3], backend: cpu)
    #expect(x.positiveCount().item() == 3)
  }

  /// A running float32 sum of these would stop at 2²⁴.
  @Test func longSumsAreExact() {
    let ones = Tensor.zeros([20_000_000], backend: cpu)
    cpu.fill(ones, with: 1)
    #expect(cpu.sumOfSquares(ones) == 20_000_000)
    #expect(ones.sum().item() == 20_000_000)
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func oneBadNumberIsFound(bad: Float) {
    for count in [1, 15, 16, 17, 1025] {
      var values = [Float](repeating: .greatestFiniteMagnitude, count: count)
      #expect(cpu.allFinite(Tensor(values, shape: [count], backend: cpu)))
      values[count - 1] = bad
      #expect(!cpu.allFinite(Tensor(values, shape: [count], backend: cpu)))
    }
  }
}
