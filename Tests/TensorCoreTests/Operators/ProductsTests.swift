import TensorCore
import Testing

@Suite struct ProductsTests {
  @Test(arguments: [[1, 1], [1], [3, 7], [2, 3, 17], [2, 1, 2, 5]])
  func linearLayers(shape: [Int]) {
    let inputs = shape.last!
    for outputs in [1, 5] {
      let x = Numbers.normal(shape)
      let weight = Numbers.normal([outputs, inputs], seed: 2)
      let bias = Numbers.normal([outputs], seed: 3)
      expectRightGradients([x, weight, bias]) { $0[0].linear($0[1], bias: $0[2]) }
      expectRightGradients([x, weight]) { $0[0].linear($0[1]) }
      expectRightGradients([x.untracked(), weight, bias]) { $0[0].linear($0[1], bias: $0[2]) }
      expectRightGradients([x, weight.untracked(), bias]) { $0[0].linear($0[1], bias: $0[2]) }
      expectRightGradients([x, weight, bias.untracked()]) { $0[0].linear($0[1], bias: $0[2]) }
      expectRightGradients([x, weight, bias]) { (2 * $0[0]).linear(3 * $0[1], bias: 0.5 * $0[2]) }
    }
  }

  @Test(arguments: [[], [1], [3], [2, 2]])
  func products(leading: [Int]) {
    for (m, k, n) in [(1, 1, 1), (3, 5, 2), (1, 7, 4)] {
      for (ta, tb) in [(false, false), (false, true), (true, false), (true, true)] {
        let a = Numbers.normal(leading + (ta ? [k, m] : [m, k]))
        let b = Numbers.normal(leading + (tb ? [n, k] : [k, n]), seed: 2)
        expectRightGradients([a, b]) { $0[0].product($0[1], transposingSelf: ta, transposingOther: tb) }
        let transposed = { (x: Tensor, exchange: Bool) in exchange ? x.transposed() : x }
        let one = a.tensor(.float64).product(b.tensor(.float64), transposingSelf: ta, transposingOther: tb)
        let two = transposed(a.tensor(.float64), ta).product(transposed(b.tensor(.float64), tb))
        #expect(one.shape == leading + [m, n])
        expectClose(one.doubles(), two.doubles(), 1e-14)
      }
    }
  }

  @Test func aMatrixTimesItself() {
    expectRightGradients([.normal([4, 4])]) { $0[0].product($0[0]) }
    expectRightGradients([.normal([4, 3])]) {
      let x = 2 * $0[0]
      return x.product(x, transposingOther: true)
    }
  }

  @Test(arguments: [[1, 1], [3, 5], [17, 16], [2, 2, 3, 5]])
  func transposes(shape: [Int]) {
    expectRightGradients([.normal(shape)]) { $0[0].transposed() }
    let x = Numbers.normal(shape).tensor(.float32)
    #expect(x.transposed().transposed().floats() == x.floats())
  }

  @Test func aProductWithoutRowsIsEmpty() {
    let x = Tensor.zeros([0, 3], backend: cpu)
    #expect(x.linear(.zeros([2, 3], backend: cpu)).shape == [0, 2])
  }
}
