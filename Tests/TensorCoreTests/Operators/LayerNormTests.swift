import TensorCore
import Testing

@Suite struct LayerNormTests {
  @Test(arguments: [[1, 2], [3, 5], [2, 2, 17], [1, 50]])
  func everyChoiceOfTrackedInputs(shape: [Int]) {
    let width = shape.last!
    let x = Numbers.normal(shape)
    let gamma = Numbers.normal([width], seed: 2)
    let beta = Numbers.normal([width], seed: 3)
    for choice in 1..<8 {
      let inputs = [x, gamma, beta].enumerated().map { i, n in choice >> i & 1 == 1 ? n : n.untracked() }
      // Rows of two numbers close to each other lose digits in float32.
      expectRightGradients(inputs, singleTolerance: 5e-5) { $0[0].layerNorm(gamma: $0[1], beta: $0[2]) }
    }
    expectRightGradients([x, gamma, beta], singleTolerance: 5e-5) {
      (2 * $0[0]).layerNorm(gamma: 3 * $0[1], beta: 0.5 * $0[2])
    }
  }

  @Test func aConstantRowIsItsShift() {
    let x = Tensor([4.0, 4, 4], shape: [1, 3], backend: cpu)
    let gamma = Tensor([1.0, 2, 3], shape: [3], backend: cpu)
    let beta = Tensor([5.0, 6, 7], shape: [3], backend: cpu)
    #expect(x.layerNorm(gamma: gamma, beta: beta).floats() == [5, 6, 7])
  }

  @Test(arguments: [[1], [1, 1], [3, 5], [2, 2, 17]])
  func unitRows(shape: [Int]) {
    expectRightGradients([.normal(shape)]) { $0[0].unitRows() }
    expectRightGradients([.normal(shape)]) { (2 * $0[0]).unitRows(epsilon: 0.5) }
    let lengths = Numbers.normal(shape).tensor(.float64).unitRows()
    expectClose(
      (lengths * lengths).rowSums().doubles(), [Double](repeating: 1, count: shape.dropLast().reduce(1, *)), 1e-12)
  }

  @Test(arguments: [DType.float32, .float64])
  func aZeroRowStaysZero(dtype: DType) {
    let x = Numbers.constant([0, 0, 0, 3, 0, 4], [2, 3])
    var leaf = x
    leaf.isTracked = true
    let result = evaluate([leaf], dtype, weights: [0, 0, 0, 1, 1, 1]) { $0[0].unitRows() }
    expectClose(result.output, [0, 0, 0, 0.6, 0, 0.8], 1e-7)
    #expect(result.gradients[0]!.allSatisfy { $0.isFinite })
    #expect(Array(result.gradients[0]![..<3]) == [0, 0, 0])
  }
}
