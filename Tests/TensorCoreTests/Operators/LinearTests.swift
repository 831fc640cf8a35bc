import TensorCore
import Testing

@Suite struct LinearTests {
  @Test(arguments: [[1, 1, 1], [2, 3, 5], [7, 17, 4]])
  func aWeightMayLieEitherWay(sizes: [Int]) {
    let (rows, inputs, outputs) = (sizes[0], sizes[1], sizes[2])
    let x = Numbers.normal([rows, inputs])
    let bias = Numbers.normal([outputs], seed: 3)
    expectRightGradients([x, .normal([outputs, inputs], seed: 2), bias]) { $0[0].linear($0[1], bias: $0[2]) }
    expectRightGradients([x, .normal([inputs, outputs], seed: 2), bias]) {
      $0[0].linear($0[1], bias: $0[2], layout: .inputsFirst)
    }
  }

  @Test(arguments: [[1, 1, 1], [2, 3, 5], [7, 17, 4]])
  func quickGELUFirst(sizes: [Int]) {
    let (rows, inputs, outputs) = (sizes[0], sizes[1], sizes[2])
    let inputs3 = [
      Numbers.normal([rows, inputs]), .normal([outputs, inputs], seed: 2), .normal([outputs], seed: 3),
    ]
    for choice in 1..<8 {
      let chosen = inputs3.enumerated().map { i, n in choice >> i & 1 == 1 ? n : n.untracked() }
      expectRightGradients(chosen) { $0[0].quickGELULinear($0[1], bias: $0[2]) }
    }
    let tensors = inputs3.map { $0.tensor(.float64) }
    expectClose(
      tensors[0].quickGELULinear(tensors[1], bias: tensors[2]).doubles(),
      tensors[0].quickGELU().linear(tensors[1], bias: tensors[2]).doubles(), 1e-12)
  }

  /// Both results are used, the sum twice, as in a residual stream.
  @Test(arguments: [true, false], [WeightLayout.outputsFirst, .inputsFirst])
  func layerNormFirst(hasUpdate: Bool, layout: WeightLayout) {
    let (rows, inputs, outputs) = (3, 9, 4)
    let numbers = [
      Numbers.normal([rows, inputs]), .normal([rows, inputs], seed: 2), .normal([inputs], seed: 3),
      .normal([inputs], seed: 4),
      .normal(layout == .outputsFirst ? [outputs, inputs] : [inputs, outputs], seed: 5), .normal([outputs], seed: 6),
    ]
    for choice in [63, 1, 2, 4, 8, 16, 32, 61, 35] {
      let chosen = numbers.enumerated().map { i, n in choice >> i & 1 == 1 ? n : n.untracked() }
      expectRightGradients(chosen, singleTolerance: 5e-5) { n in
        let (sum, result) = n[0].normalizedLinear(
          adding: hasUpdate ? n[1] : nil, gamma: n[2], beta: n[3], weight: n[4], bias: n[5], layout: layout)
        return (sum * sum).sum() + (0.5 * sum).sum() + (result * result).sum()
      }
    }
  }

  @Test func theFusedNormIsTheNorm() {
    let numbers = [
      Numbers.normal([4, 7]), .normal([4, 7], seed: 2), .normal([7], seed: 3), .normal([7], seed: 4),
      .normal([3, 7], seed: 5), .normal([3], seed: 6),
    ].map { $0.tensor(.float64) }
    let (sum, result) = numbers[0].normalizedLinear(
      adding: numbers[1], gamma: numbers[2], beta: numbers[3], weight: numbers[4], bias: numbers[5])
    let expected = numbers[0] + numbers[1]
    expectClose(sum.doubles(), expected.doubles(), 1e-15)
    expectClose(
      result.doubles(),
      expected.layerNorm(gamma: numbers[2], beta: numbers[3]).linear(numbers[4], bias: numbers[5]).doubles(), 1e-12)
  }

  /// What a layer of bfloat16 weights computes is what float64 computes from the rounded numbers, to the rounding of what
  /// it hands on.
  @Test(arguments: [[1, 8, 3], [50, 64, 33], [5, 17, 20]])
  func bfloat16IsFloat64OfRoundedNumbers(sizes: [Int]) {
    let (rows, inputs, outputs) = (sizes[0], sizes[1], sizes[2])
    let rounded = { (n: Numbers) in
      Numbers(n.values.map { Double(BFloat16.float(BFloat16.bits(Float($0)))) }, shape: n.shape)
    }
    let x = rounded(.normal([rows, inputs]))
    let weight = rounded(.normal([outputs, inputs], seed: 2))
    let bias = rounded(.normal([outputs], seed: 3))
    let exact = evaluate([x, weight, bias], .float64) { $0[0].linear($0[1], bias: $0[2]) }

    let copy = weight.tensor(.bfloat16)
    copy.collectGradient(in: .zeros(weight.shape, backend: cpu))
    let (floatX, floatBias) = (x.leaf(.float32), bias.leaf(.float32))
    let y = floatX.linear(copy, bias: floatBias)
    #expect(y.dtype == .float32)
    (y * Numbers.normal(y.shape, seed: 99).tensor(.float32)).sum().backward()
    expectClose(y.doubles(), exact.output, 1e-5)
    expectClose(floatX.gradient!.doubles(), exact.gradients[0]!, 2e-2)
    expectClose(copy.gradient!.doubles(), exact.gradients[1]!, 2e-2)
    expectClose(floatBias.gradient!.doubles(), exact.gradients[2]!, 1e-5)
    #expect(x.tensor(.bfloat16).linear(copy, bias: floatBias).dtype == .bfloat16)
  }
}
