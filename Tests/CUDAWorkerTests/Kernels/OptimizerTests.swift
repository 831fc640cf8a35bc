import TensorCore
import Testing

@testable import CUDAWorker

/// A step of AdamW, against the CPU worker in float64 and in the same format.
@Suite struct OptimizerTests {
  private let update = AdamWUpdate(
    gradientScale: 0.5, rate: 0.01, beta1: 0.9, beta2: 0.98, epsilon: 1e-6, decay: 0.2, correction1: 0.3,
    correction2: 0.1)

  private struct State {
    var weight, gradient, first, second: [Double]

    init(_ count: Int, _ dtype: DType) {
      weight = KernelInput.normal(count, dtype, seed: 1)
      gradient = KernelInput.normal(count, dtype, seed: 2)
      first = KernelInput.normal(count, dtype, seed: 3)
      second = KernelInput.rounded(KernelInput.normal(count, dtype, seed: 4).map { $0 * $0 }, to: dtype)
    }
  }

  /// Weight, both moments and the operand after a step of the CPU worker in this format.
  private func reference(_ state: State, _ dtype: DType) -> [[Double]] {
    let host = { (values: [Double]) in KernelInput.host(values, dtype: dtype) }
    let (weight, first, second) = (host(state.weight), host(state.first), host(state.second))
    let operand = KernelInput.hostResult([state.weight.count], dtype: .bfloat16)
    KernelInput.cpu.adamW(
      update, weight: weight, gradient: host(state.gradient), firstMoment: first, secondMoment: second,
      operand: operand)
    return [weight, first, second, operand].map { $0.doubles() }
  }

  @Test(arguments: [DType.float32, .float64], [(0, 0), (1, 0), (3, 0), (16, 4), (33, 1), (1030, 8), (5003, 3)])
  func onePass(dtype: DType, place: (count: Int, offset: Int)) throws {
    let (count, offset) = place
    let state = State(count, dtype)
    let (exact, alike) = (reference(state, .float64), reference(state, dtype))
    try EmulatedGPU.run { gpu in
      for operandOffset in [nil, offset, offset + 1] {
        let make = { (values: [Double]) in GuardedTensor(values, shape: [count], dtype: dtype, offset: offset) }
        let (weight, gradient) = (make(state.weight), make(state.gradient))
        let (first, second) = (make(state.first), make(state.second))
        let operand = operandOffset.map { GuardedTensor(shape: [count], dtype: .bfloat16, offset: $0) }
        gpu.adamW(
          update, weight: weight.tensor, gradient: gradient.tensor, firstMoment: first.tensor,
          secondMoment: second.tensor, operand: operand?.tensor)
        for (i, result) in [weight, first, second].enumerated() {
          #expect(relativeError(result.doubles(), exact[i]) <= (dtype == .float64 ? 1e-14 : 2e-7))
          // Differences of numbers near 1 may be near 0; second moments are sums.
          let least = i == 2 ? 0 : 0.1
          #expect(zip(result.doubles(), alike[i]).allSatisfy { abs($0 - $1) <= 1e-6 * max(abs($1), least) })
        }
        expectSame(gradient.doubles(), state.gradient)
        if let operand { expectSame(operand.doubles(), KernelInput.rounded(weight.doubles(), to: .bfloat16)) }
      }
    }
  }

  @Test func notANumberStays() throws {
    try EmulatedGPU.run { gpu in
      let weight = EmulatedGPU.tensor([1.0, 1, 1])
      let operand = EmulatedGPU.poisoned([3], dtype: .bfloat16)
      gpu.adamW(
        update, weight: weight, gradient: EmulatedGPU.tensor([.nan, 1, .infinity]),
        firstMoment: EmulatedGPU.tensor([0.0, 0, 0]), secondMoment: EmulatedGPU.tensor([0.0, 0, 0]), operand: operand)
      #expect(weight.floats()[0].isNaN && weight.floats()[1].isFinite && weight.floats()[2].isNaN)
      #expect(operand.floats()[0].isNaN && operand.floats()[1].isFinite && operand.floats()[2].isNaN)
    }
  }

  @Test func twiceTheSameBits() throws {
    let state = State(2051, .float32)
    try EmulatedGPU.run { gpu in
      let results = (0..<2).map { _ in
        let tensors = [state.weight, state.first, state.second].map { EmulatedGPU.tensor($0) }
        gpu.adamW(
          update, weight: tensors[0], gradient: EmulatedGPU.tensor(state.gradient), firstMoment: tensors[1],
          secondMoment: tensors[2], operand: nil)
        return tensors.flatMap(\.elementBytes)
      }
      #expect(results[0] == results[1])
    }
  }
}
