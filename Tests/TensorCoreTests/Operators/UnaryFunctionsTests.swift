import Glibc
import TensorCore
import Testing

@Suite struct UnaryFunctionsTests {
  @Test(arguments: [[1], [15], [16], [17], [3, 50]])
  func gradients(shape: [Int]) {
    let x = Numbers.normal(shape)
    for function: UnaryFunction in [
      .relu, .leakyReLU(slope: 0.2), .quickGELU, .gelu, .sigmoid, .exp, .atLeast(0.3), .affine(scale: 2, shift: 3),
    ] {
      expectRightGradients([x], "\(function)") { $0[0].apply(function) }
      expectRightGradients([x], "\(function)") { (2 * $0[0]).apply(function) }
    }
    let positive = Numbers.uniform(0.2...4, shape)
    for function: UnaryFunction in [.log, .squareRoot, .reciprocal] {
      expectRightGradients([positive], "\(function)") { $0[0].apply(function) }
    }
  }

  @Test func exponentialIsAccurate() {
    let x = (0...178_000).map { Float(-90 + Double($0) * 0.001) }
    let y = Tensor(x, shape: [x.count], backend: cpu).exp().floats()
    var worst = 0.0
    for (x, y) in zip(x, y) {
      let exact = Glibc.exp(Double(x))
      if x < -87.33 {
        #expect(y == 0 && exact < 1.2e-38)  // subnormal numbers are zero
      } else {
        worst = max(worst, abs(Double(y) - exact) / exact)
      }
    }
    #expect(worst < 2.4e-7, "relative error \(worst)")
  }

  /// The same at every place in a vector and in its scalar tail.
  @Test func exponentialOfWhatIsNotFinite() {
    for count in [1, 15, 16, 17, 33] {
      for (x, expected) in [(-Float.infinity, Float(0)), (.infinity, .infinity), (-200, 0), (200, .infinity), (0, 1)] {
        let y = Tensor([Float](repeating: x, count: count), shape: [count], backend: cpu).exp().floats()
        #expect(y == [Float](repeating: expected, count: count))
      }
      let y = Tensor([Float](repeating: .nan, count: count), shape: [count], backend: cpu).exp().floats()
      #expect(y.allSatisfy { $0.isNaN })
    }
  }

  @Test(arguments: [DType.float32, .float64])
  func nanIsNeverHidden(dtype: DType) {
    let x = Tensor([Double](repeating: .nan, count: 17), shape: [17], dtype: dtype, backend: cpu)
    for function: UnaryFunction in [
      .relu, .leakyReLU(slope: 0.2), .quickGELU, .gelu, .sigmoid, .exp, .log, .squareRoot, .reciprocal, .atLeast(0),
      .affine(scale: 1, shift: 0),
    ] {
      #expect(x.apply(function).doubles().allSatisfy { $0.isNaN }, "\(function)")
    }
  }

  @Test func tailsOfTheGates() {
    let x = Tensor([-1e4, -100, 100, 1e4] as [Float], shape: [4], backend: cpu)
    #expect(x.sigmoid().floats() == [0, 0, 1, 1])
    #expect(x.quickGELU().floats() == [0, 0, 100, 1e4])
    #expect(x.gelu().floats() == [0, 0, 100, 1e4])
  }
}
