import TensorCore
import Testing

@testable import CUDAWorker

/// Functions of one number and their derivatives, against the CPU worker in float64.
@Suite struct UnaryFunctionTests {
  /// Functions, with where they and their derivatives are numbers.
  static let functions: [(function: UnaryFunction, domain: ClosedRange<Double>)] = [
    (.relu, -4...4), (.leakyReLU(slope: 0.2), -4...4), (.leakyReLU(slope: -0.5), -4...4), (.quickGELU, -12...12),
    (.gelu, -6...6), (.sigmoid, -20...20), (.exp, -8...8), (.log, 0.01...9), (.squareRoot, 0.01...9),
    (.reciprocal, 0.1...3), (.atLeast(0.25), -1...1), (.affine(scale: -1.5, shift: 0.75), -4...4),
  ]

  private func formats(_ function: UnaryFunction) -> [DType] {
    if case .quickGELU = function { ElementwiseTests.formats } else { [.float32, .float64] }
  }

  @Test(arguments: functions.indices) func valuesAndDerivatives(index: Int) throws {
    let (function, domain) = Self.functions[index]
    let cpu = KernelInput.cpu
    try EmulatedGPU.run { gpu in
      for dtype in formats(function) {
        for (count, offsets) in ElementwiseTests.places {
          let xs = KernelInput.uniform(domain, count, dtype)
          let dys = KernelInput.normal(count, dtype, seed: 2)
          let (value, slope) = (KernelInput.hostResult([count]), KernelInput.hostResult([count]))
          cpu.apply(function, to: KernelInput.host(xs), into: value)
          cpu.applyDerivative(
            of: function, at: KernelInput.host(xs), y: value, to: KernelInput.host(dys), into: slope)

          let x = GuardedTensor(xs, shape: [count], dtype: dtype, offset: offsets[0])
          let dy = GuardedTensor(dys, shape: [count], dtype: dtype, offset: offsets[1])
          let y = GuardedTensor(shape: [count], dtype: dtype, offset: offsets[2])
          let dx = GuardedTensor(shape: [count], dtype: dtype, offset: offsets[0])
          gpu.apply(function, to: x.tensor, into: y.tensor)
          gpu.applyDerivative(of: function, at: x.tensor, y: y.tensor, to: dy.tensor, into: dx.tensor)
          let tolerance = (count == 1 ? 4 : 2) * KernelInput.tolerance(dtype)
          #expect(relativeError(y.doubles(), value.doubles()) <= tolerance, "\(function), \(dtype), \(count)")
          #expect(relativeError(dx.doubles(), slope.doubles()) <= tolerance, "\(function)′, \(dtype), \(count)")
          expectSame(x.doubles() + dy.doubles(), xs + dys)
          gpu.applyDerivative(of: function, at: x.tensor, y: y.tensor, to: dy.tensor, into: dy.tensor)
          expectSame(dy.doubles(), dx.doubles(), "\(function)′ in place, \(dtype), \(count)")
        }
      }
    }
  }

  /// 0 of both signs, infinities, numbers far out, and what is no number: as on the CPU.
  @Test(arguments: functions.indices) func specialValues(index: Int) throws {
    let function = Self.functions[index].function
    let cpu = KernelInput.cpu
    let xs: [Double] = [0, -0.0, .infinity, -.infinity, .nan, 1000, -1000, 100, -100, 0.25, -1]
    try EmulatedGPU.run { gpu in
      for dtype in formats(function) {
        let (x, ones) = (EmulatedGPU.tensor(xs, dtype: dtype), EmulatedGPU.tensor(xs.map { _ in 1.0 }, dtype: dtype))
        let (y, dx) = (EmulatedGPU.poisoned([xs.count], dtype: dtype), EmulatedGPU.poisoned([xs.count], dtype: dtype))
        gpu.apply(function, to: x, into: y)
        gpu.applyDerivative(of: function, at: x, y: y, to: ones, into: dx)
        let host = KernelInput.host(xs, dtype: dtype)
        let (value, slope) = (
          KernelInput.hostResult([xs.count], dtype: dtype), KernelInput.hostResult([xs.count], dtype: dtype)
        )
        cpu.apply(function, to: host, into: value)
        cpu.applyDerivative(
          of: function, at: host, y: value, to: KernelInput.host(xs.map { _ in 1 }, dtype: dtype), into: slope)
        for (i, number) in xs.enumerated() {
          expectAlike(y.doubles()[i], value.doubles()[i], dtype, "\(function) of \(number), \(dtype)")
          expectAlike(dx.doubles()[i], slope.doubles()[i], dtype, "\(function)′ of \(number), \(dtype)")
        }
      }
    }
  }

  private func expectAlike(_ x: Double, _ y: Double, _ dtype: DType, _ comment: String) {
    if y.isFinite {
      #expect(abs(x - y) <= max(4 * KernelInput.tolerance(dtype) * abs(y), 1e-30), "\(x) for \(y), \(comment)")
    } else {
      expectSame([x], [y], comment)
    }
  }

  /// Value and derivative in one pass are those of the passes alone, wherever the derivative is written.
  @Test(arguments: ElementwiseTests.formats) func quickGELUInOnePass(dtype: DType) throws {
    try EmulatedGPU.run { gpu in
      for (count, offsets) in ElementwiseTests.places {
        let xs = KernelInput.uniform(-12...12, count, dtype)
        let x = GuardedTensor(xs, shape: [count], dtype: dtype, offset: offsets[0])
        let dy = GuardedTensor(
          KernelInput.normal(count, dtype, seed: 2), shape: [count], dtype: dtype, offset: offsets[1])
        let fresh = { GuardedTensor(shape: [count], dtype: dtype, offset: offsets[2]) }
        let (y, dx, again, derivative) = (fresh(), fresh(), fresh(), fresh())
        gpu.apply(.quickGELU, to: x.tensor, into: y.tensor)
        gpu.applyDerivative(of: .quickGELU, at: x.tensor, y: y.tensor, to: dy.tensor, into: derivative.tensor)
        gpu.quickGELUBackward(x.tensor, dy: dy.tensor, into: again.tensor, dx: dx.tensor)
        expectSame(again.doubles(), y.doubles())
        #expect(relativeError(dx.doubles(), derivative.doubles()) <= KernelInput.tolerance(dtype))
        gpu.quickGELUBackward(x.tensor, dy: dy.tensor, into: again.tensor, dx: dy.tensor)
        expectSame(again.doubles() + dy.doubles(), y.doubles() + dx.doubles())
        expectSame(x.doubles(), xs)
      }
    }
  }

  @Test func twiceTheSameBits() throws {
    try EmulatedGPU.run { gpu in
      let x = EmulatedGPU.tensor(KernelInput.normal(5003, .bfloat16), dtype: .bfloat16)
      let results = (0..<2).map { _ in
        let (y, dx) = (EmulatedGPU.poisoned([5003], dtype: .bfloat16), EmulatedGPU.poisoned([5003], dtype: .bfloat16))
        gpu.quickGELUBackward(x, dy: x, into: y, dx: dx)
        return y.elementBytes + dx.elementBytes
      }
      #expect(results[0] == results[1])
    }
  }
}
