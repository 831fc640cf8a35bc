import TensorCore
import Testing

@Suite struct SoftmaxTests {
  @Test(arguments: [[1], [1, 1], [3, 5], [2, 2, 17], [2, 50]])
  func gradients(shape: [Int]) {
    expectRightGradients([.normal(shape)]) { (3 * $0[0]).softmax() }
    expectRightGradients([.normal(shape)]) { (3 * $0[0]).logSoftmax() }
  }

  @Test func largeNumbersDoNotOverflow() {
    let x = Tensor([1e30, 1e30, -1e30], shape: [3], backend: cpu)
    expectClose(x.softmax().doubles(), [0.5, 0.5, 0], 1e-6)
    expectClose(Tensor([1000.0, 0], shape: [2], backend: cpu).logSoftmax().doubles(), [0, -1000], 1e-6)
  }

  @Test func nanStaysVisible() {
    let x = Tensor([1, Float.nan, 2], shape: [3], backend: cpu)
    #expect(x.softmax().floats().allSatisfy { $0.isNaN })
    #expect(x.logSoftmax().floats().allSatisfy { $0.isNaN })
  }
}
