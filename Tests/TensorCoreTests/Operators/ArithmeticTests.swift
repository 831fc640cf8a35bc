import TensorCore
import Testing

@Suite struct ArithmeticTests {
  @Test(arguments: [[], [1], [17], [3, 5], [2, 1, 3, 7]])
  func ofEqualShapes(shape: [Int]) {
    let a = Numbers.normal(shape)
    let b = Numbers.normal(shape, seed: 2)
    expectRightGradients([a, b]) { $0[0] + $0[1] }
    expectRightGradients([a, b]) { $0[0] - $0[1] }
    expectRightGradients([a, b]) { $0[0] * $0[1] }
    expectRightGradients([a.untracked(), b]) { $0[0] - $0[1] }
    expectRightGradients([a, b.untracked()]) { $0[0] * $0[1] }
    expectRightGradients([a]) { -2.5 * $0[0] + 0.75 }
  }

  @Test func valuesOfScalingAndShifting() {
    let x = Tensor([1.0, -2, 3], shape: [3], backend: cpu)
    #expect((2 * x + 1).floats() == [3, -3, 7])
  }

  @Test(arguments: [([4], [4]), ([3, 5], [5]), ([2, 3, 4], [3, 4]), ([2, 2, 3, 1], [3, 1])])
  func suffixes(shape: [Int], suffix: [Int]) {
    expectRightGradients([.normal(shape), .normal(suffix, seed: 2)]) { $0[0].addingSuffix($0[1]) }
  }

  @Test(arguments: [[1, 1], [3, 5], [2, 2, 33], [1, 2, 2, 3]])
  func oneNumberARow(shape: [Int]) {
    let x = Numbers.normal(shape)
    let v = Numbers.normal(Array(shape.dropLast()), seed: 2)
    expectRightGradients([x, v]) { $0[0].addingColumn($0[1]) }
    expectRightGradients([x, v]) { $0[0].scalingRows(by: $0[1]) }
    expectRightGradients([x.untracked(), v]) { $0[0].scalingRows(by: $0[1]) }
    expectRightGradients([x, v.untracked()]) { $0[0].scalingRows(by: $0[1]) }
  }

  @Test func aFactorUsedTwiceSumsItsGradients() {
    expectRightGradients([.normal([3, 5]), .normal([3], seed: 2)]) {
      $0[0].scalingRows(by: 2 * $0[1]).scalingRows(by: $0[1])
    }
    expectRightGradients([.normal([3, 5]), .normal([3], seed: 2)]) {
      let v = 2 * $0[1]
      return $0[0].scalingRows(by: v).scalingRows(by: v).addingColumn(v)
    }
  }
}
