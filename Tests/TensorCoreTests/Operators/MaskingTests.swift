import TensorCore
import Testing

@Suite struct MaskingTests {
  private let mask = Numbers.constant([0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1], [3, 4])

  @Test func filling() {
    expectRightGradients([.normal([3, 4]), mask]) { $0[0].filled(where: $0[1], with: -2) }
    let y = Numbers.normal([3, 4]).tensor(.float32).filled(where: mask.tensor(.float32), with: 7).floats()
    #expect(zip(y, mask.values).allSatisfy { ($0 == 7) == ($1 == 1) })
  }

  @Test func infinityBeforeASoftmax() {
    expectRightGradients([.normal([3, 4]), mask]) { $0[0].filled(where: $0[1], with: -.infinity).softmax() }
    expectRightGradients([.normal([3, 4]), mask]) {
      $0[0].filled(where: $0[1], with: -.infinity).logSoftmax().filled(where: $0[1], with: 0)
    }
  }

  @Test func comparingWithAColumn() {
    let x = Tensor([1.0, 2, 3, 3, 2, 1], shape: [2, 3], backend: cpu)
    let v = Tensor([2.0, 3], shape: [2], backend: cpu)
    #expect(x.isAtLeast(column: v).floats() == [0, 1, 1, 1, 0, 0])
  }
}
