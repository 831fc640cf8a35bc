import TensorCore
import Testing

/// One step of AdamW from moments that are not zero, against its formula in float64.
@Suite struct OptimizerKernelsTests {
  private let update = AdamWUpdate(
    gradientScale: 0.5, rate: 0.01, beta1: 0.9, beta2: 0.98, epsilon: 1e-6, decay: 0.2, correction1: 0.3,
    correction2: 0.1)

  @Test(arguments: [0, 1, 15, 16, 33, 768], [(DType.float64, 1e-14), (.float32, 1e-6)])
  func onePass(length: Int, format: (dtype: DType, tolerance: Double)) {
    let values = (1...4).map { Numbers.normal([length], seed: UInt64($0)).values }
    let (w, g, m, v) = (values[0], values[1], values[2], values[3].map { $0 * $0 })
    let first = zip(m, g).map { 0.9 * $0 + 0.1 * 0.5 * $1 }
    let second = zip(v, g).map { 0.98 * $0 + 0.02 * 0.25 * $1 * $1 }
    let weights = w.indices.map { i in
      w[i] * (1 - 0.01 * 0.2) - 0.01 * (first[i] / 0.3) / ((second[i] / 0.1).squareRoot() + 1e-6)
    }
    for hasOperand in [false, true] {
      let make = { Tensor($0 as [Double], shape: [length], dtype: format.dtype, backend: cpu) }
      let (weight, gradient, firstMoment, secondMoment) = (make(w), make(g), make(m), make(v))
      let operand = Tensor(uninitialized: [length], dtype: .bfloat16, backend: cpu)
      cpu.adamW(
        update, weight: weight, gradient: gradient, firstMoment: firstMoment, secondMoment: secondMoment,
        operand: hasOperand ? operand : nil)
      expectClose(weight.doubles(), weights, format.tolerance, "weight")
      expectClose(firstMoment.doubles(), first, format.tolerance, "first moment")
      expectClose(secondMoment.doubles(), second, format.tolerance, "second moment")
      #expect(gradient.doubles() == make(g).doubles())
      if hasOperand { #expect(operand.floats() == weight.floats().map { BFloat16.float(BFloat16.bits($0)) }) }
    }
  }

  @Test func notANumberStays() {
    let make = { (values: [Float]) in Tensor(values, shape: [2], backend: cpu) }
    let (weight, operand) = (make([1, 1]), Tensor(uninitialized: [2], dtype: .bfloat16, backend: cpu))
    cpu.adamW(
      update, weight: weight, gradient: make([.nan, 1]), firstMoment: make([0, 0]), secondMoment: make([0, 0]),
      operand: operand)
    #expect(weight.floats()[0].isNaN && weight.floats()[1].isFinite)
    #expect(operand.floats()[0].isNaN && operand.floats()[1].isFinite)
  }
}
