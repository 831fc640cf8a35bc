import TensorCore
import Testing

@testable import CUDAWorker

/// Kernels that go over elements one after the other, at lengths around a vector's and a block's, and at places in
/// memory where vectors begin later or not at all.
@Suite struct ElementwiseTests {
  /// Lengths, and where the operands begin in their storage.
  static let places: [(count: Int, offsets: [Int])] = [
    (1, [0, 0, 0]), (7, [0, 0, 0]), (8, [8, 0, 16]), (9, [1, 1, 1]), (31, [3, 3, 3]), (33, [0, 1, 0]),
    (257, [5, 13, 21]), (1030, [0, 0, 3]), (8209, [0, 0, 0]), (8210, [7, 7, 7]), (9001, [2, 1, 0]),
  ]
  static let formats: [DType] = [.float32, .float64, .bfloat16]

  @Test(arguments: formats) func constants(dtype: DType) throws {
    try EmulatedGPU.run { gpu in
      for (count, offsets) in Self.places {
        // Half way between two numbers of bfloat16: to the even one.
        for value in [0, 1.00390625, -0.1, .infinity] {
          let x = GuardedTensor(shape: [count], dtype: dtype, offset: offsets[0])
          gpu.fill(x.tensor, with: value)
          expectSame(x.doubles(), [Double](repeating: KernelInput.rounded([value], to: dtype)[0], count: count))
        }
      }
      gpu.fill(EmulatedGPU.tensor([Double]()), with: 1)
    }
  }

  @Test(arguments: formats) func copies(dtype: DType) throws {
    try EmulatedGPU.run { gpu in
      for (count, offsets) in Self.places {
        let values = KernelInput.normal(count, dtype)
        let x = GuardedTensor(values, shape: [count], dtype: dtype, offset: offsets[0])
        let y = GuardedTensor(shape: [count], dtype: dtype, offset: offsets[1])
        gpu.copy(x.tensor, into: y.tensor)
        expectSame(y.doubles(), values)
      }
    }
  }

  /// A copy has the bits of what is no number, too.
  @Test func aCopyIsOfBits() throws {
    try EmulatedGPU.run { gpu in
      let bits: [UInt16] = [0x7FC1, 0xFFFF, 0x8000, 1, 0x7F80]
      let x = Tensor(uninitialized: [5], dtype: .bfloat16, backend: gpu)
      bits.withUnsafeBytes { gpu.upload($0, to: x.storage, byteOffset: 0) }
      let y = EmulatedGPU.poisoned([5], dtype: .bfloat16)
      gpu.copy(x, into: y)
      #expect(y.elementBytes == x.elementBytes)
    }
  }

  @Test(arguments: formats, formats) func conversions(from source: DType, to target: DType) throws {
    try EmulatedGPU.run { gpu in
      for (count, offsets) in Self.places {
        let values = KernelInput.normal(count, source) + [.nan, .infinity, -.infinity, 0, 1e-40]
        let x = GuardedTensor(values, shape: [count + 5], dtype: source, offset: offsets[0])
        let y = GuardedTensor(shape: [count + 5], dtype: target, offset: offsets[1])
        gpu.convert(x.tensor, into: y.tensor)
        let expected = KernelInput.hostResult([count + 5], dtype: target)
        KernelInput.cpu.convert(KernelInput.host(values, dtype: source), into: expected)
        expectSame(y.doubles(), expected.doubles())
      }
    }
  }

  @Test(arguments: formats, formats) func scaledSums(of source: DType, to target: DType) throws {
    try EmulatedGPU.run { gpu in
      for (count, offsets) in Self.places {
        let (xs, ys) = (KernelInput.normal(count, source), KernelInput.normal(count, target, seed: 2))
        let x = GuardedTensor(xs, shape: [count], dtype: source, offset: offsets[0])
        let y = GuardedTensor(ys, shape: [count], dtype: target, offset: offsets[1])
        gpu.addScaled(x.tensor, by: -0.3, to: y.tensor)
        let expected = zip(xs, ys).map { $1 - 0.3 * $0 }
        #expect(relativeError(y.doubles(), expected) <= (count == 1 ? 2 : 1) * KernelInput.tolerance(target))
        expectSame(x.doubles(), xs)
      }
    }
  }

  @Test(arguments: formats) func sumsDifferencesAndProducts(dtype: DType) throws {
    typealias Kernel = (CUDABackend, _ a: Tensor, _ b: Tensor, _ result: Tensor) -> Void
    let kernels: [(name: String, run: Kernel, number: (Double, Double) -> Double)] = [
      ("add", { $0.add($1, $2, into: $3) }, { $0 + $1 }),
      ("subtract", { $0.subtract($1, $2, into: $3) }, { $0 - $1 }),
      ("multiply", { $0.multiply($1, $2, into: $3) }, { $0 * $1 }),
    ]
    try EmulatedGPU.run { gpu in
      for (name, run, number) in kernels where name == "add" || dtype != .bfloat16 {
        for (count, offsets) in Self.places {
          let (xs, ys) = (KernelInput.normal(count, dtype), KernelInput.normal(count, dtype, seed: 2))
          let a = GuardedTensor(xs, shape: [count], dtype: dtype, offset: offsets[0])
          let b = GuardedTensor(ys, shape: [count], dtype: dtype, offset: offsets[1])
          let y = GuardedTensor(shape: [count], dtype: dtype, offset: offsets[2])
          let expected = KernelInput.rounded(zip(xs, ys).map(number), to: dtype)
          run(gpu, a.tensor, b.tensor, y.tensor)
          expectSame(y.doubles(), expected, "\(name), \(count) from \(offsets)")
          run(gpu, a.tensor, b.tensor, a.tensor)
          expectSame(a.doubles(), expected, "\(name) in place, \(count) from \(offsets)")
        }
      }
    }
  }

  @Test(arguments: [DType.float32, .float64]) func maskedFill(dtype: DType) throws {
    try EmulatedGPU.run { gpu in
      for (count, offsets) in Self.places {
        let values = KernelInput.normal(count, dtype)
        let mask = (0..<count).map { $0 % 5 == 3 ? Double.nan : Double($0 % 3) / 2 }
        let x = GuardedTensor(values, shape: [count], dtype: dtype, offset: offsets[0])
        let m = GuardedTensor(mask, shape: [count], dtype: dtype, offset: offsets[1])
        let y = GuardedTensor(shape: [count], dtype: dtype, offset: offsets[2])
        gpu.maskedFill(x.tensor, where: m.tensor, with: -.infinity, into: y.tensor)
        expectSame(y.doubles(), zip(values, mask).map { $1 == 0 ? $0 : -.infinity })
        gpu.maskedFill(x.tensor, where: m.tensor, with: 0, into: x.tensor)
        expectSame(x.doubles(), zip(values, mask).map { $1 == 0 ? $0 : 0 })
      }
    }
  }
}
