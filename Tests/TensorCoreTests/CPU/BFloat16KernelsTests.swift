import Glibc
import TensorCore
import Testing

/// Kernels that read or write bfloat16, against the same in float32 or float64, rounded.
@Suite struct BFloat16KernelsTests {
  static let lengths = [0, 1, 15, 16, 33, 768]

  private func normal(_ count: Int, _ dtype: DType = .bfloat16, seed: UInt64 = 1) -> Tensor {
    Numbers.normal([count], seed: seed).tensor(dtype)
  }

  private func rounded(_ values: [Float]) -> [Double] { values.map { Double(BFloat16.float(BFloat16.bits($0))) } }

  @Test(arguments: lengths)
  func sumsAreThoseOfFloat32Rounded(length: Int) {
    let (a, b) = (normal(length), normal(length, seed: 2))
    let expected = rounded(zip(a.floats(), b.floats()).map { $0 + $1 })
    let y = Tensor(uninitialized: [length], dtype: .bfloat16, backend: cpu)
    cpu.add(a, b, into: y)
    #expect(y.doubles() == expected)
    cpu.add(a, b, into: a)
    #expect(a.doubles() == expected)
  }

  @Test(arguments: [DType.float32, .float64, .bfloat16], [DType.float32, .float64, .bfloat16])
  func scaledSumsOfAnyFormats(of source: DType, to target: DType) {
    for length in Self.lengths {
      let (x, y) = (normal(length, source), normal(length, target, seed: 2))
      let expected = zip(x.doubles(), y.doubles()).map { $1 + 0.75 * $0 }
      cpu.addScaled(x, by: 0.75, to: y)
      let tolerance = target == .bfloat16 ? 4e-3 : target == .float32 ? 3e-7 : 1e-15
      expectClose(y.doubles(), expected, tolerance)
    }
  }

  @Test(arguments: lengths)
  func copiesAndConstants(length: Int) {
    let x = normal(length)
    let y = Tensor(uninitialized: [length], dtype: .bfloat16, backend: cpu)
    cpu.copy(x, into: y)
    #expect(y.doubles() == x.doubles())
    cpu.fill(y, with: 1.00390625)  // half way between two numbers: to the even one
    #expect(y.doubles() == [Double](repeating: 1, count: length))
    cpu.fill(y, with: 0)
    #expect(y.doubles() == [Double](repeating: 0, count: length))
  }

  /// y and dx of QuickGELU in one pass, over the whole range where it is neither 0 nor the identity.
  @Test(arguments: [(DType.float64, 1e-15), (.float32, 1e-6), (.bfloat16, 4e-3)])
  func quickGELU(dtype: DType, tolerance: Double) {
    for length in Self.lengths {
      let x = Numbers.uniform(-12...12, [length]).tensor(dtype)
      let dy = Numbers.normal([length], seed: 2).tensor(dtype)
      let sigmoid = { (x: Double) in 1 / (1 + Glibc.exp(-1.702 * x)) }
      let values = x.doubles().map { $0 * sigmoid($0) }
      let slopes = zip(x.doubles(), dy.doubles()).map { x, dy in
        dy * sigmoid(x) * (1 + 1.702 * x * (1 - sigmoid(x)))
      }
      let fresh = { Tensor(uninitialized: [length], dtype: dtype, backend: cpu) }
      let (y, again, dx, derivative) = (fresh(), fresh(), fresh(), fresh())
      cpu.apply(.quickGELU, to: x, into: y)
      cpu.quickGELUBackward(x, dy: dy, into: again, dx: dx)
      cpu.applyDerivative(of: .quickGELU, at: x, y: y, to: dy, into: derivative)
      expectRelativelyClose(y.doubles(), values, tolerance)
      #expect(again.doubles() == y.doubles())
      expectClose(dx.doubles(), slopes, tolerance)
      expectClose(derivative.doubles(), slopes, tolerance)
      cpu.quickGELUBackward(x, dy: dy, into: again, dx: dy)
      #expect(dy.doubles() == dx.doubles())
    }
  }

  /// Every number within its own size, or 1e-6 where it is next to nothing.
  private func expectRelativelyClose(_ actual: [Double], _ expected: [Double], _ tolerance: Double) {
    for (a, e) in zip(actual, expected) {
      #expect(abs(a - e) <= max(8 * tolerance * abs(e), 1e-6 * tolerance), "\(a) for \(e)")
    }
  }

  @Test(arguments: [DType.float64, .float32, .bfloat16])
  func quickGELUFarOutAndOfNotANumber(dtype: DType) {
    let x = Tensor([-1000, -100, 100, 1000, Double.nan, 3], shape: [6], dtype: dtype, backend: cpu)
    let one = Tensor([Double](repeating: 1, count: 6), shape: [6], dtype: dtype, backend: cpu)
    let (y, dx) = (Tensor(uninitialized: [6], dtype: dtype, backend: cpu), one)
    cpu.quickGELUBackward(x, dy: one, into: y, dx: dx)
    let (values, slopes) = (y.doubles(), dx.doubles())
    expectClose(Array(values[..<4]), [0, 0, x.doubles()[2], 1000], 1e-30)
    expectClose(Array(slopes[..<4]), [0, 0, 1, 1], 1e-30)
    #expect(values[4].isNaN && slopes[4].isNaN && !values[5].isNaN && !slopes[5].isNaN)
  }

  @Test(arguments: [(0, 5), (1, 1), (3, 17), (6, 33), (9, 768)])
  func columnSums(rows: Int, columns: Int) {
    let x = Numbers.normal([rows, columns]).tensor(.bfloat16)
    let values = x.doubles()
    let sums = (0..<columns).map { column in (0..<rows).reduce(0) { $0 + values[$1 * columns + column] } }
    let result = Tensor([Float](repeating: 3, count: columns), shape: [columns], backend: cpu)
    cpu.columnSums(x, into: result, accumulate: true)
    expectClose(result.doubles(), sums.map { $0 + 3 }, 1e-6)
    cpu.columnSums(x, into: result, accumulate: false)
    expectClose(result.doubles(), sums, 1e-6)
  }

  @Test(arguments: [1, 7, 768])
  func rowsByNumber(width: Int) {
    let x = Numbers.normal([4, width]).tensor(.bfloat16)
    let picks: [Int32] = [3, -1, 0, 3]
    let indices = IndexTensor(picks, backend: cpu)
    let y = Tensor(uninitialized: [4, width], dtype: .bfloat16, backend: cpu)
    cpu.gatherRows(of: x, at: indices, into: y)
    let (source, gathered) = (x.floats(), y.floats())
    let row = { (i: Int) in Array(source[i * width..<(i + 1) * width]) }
    #expect(gathered == row(3) + [Float](repeating: 0, count: width) + row(0) + row(3))

    let target = Numbers.normal([4, width], seed: 2).tensor(.bfloat16)
    var expected = target.floats()
    for (i, pick) in picks.enumerated() where pick >= 0 {
      for c in 0..<width {
        let sum = expected[Int(pick) * width + c] + gathered[i * width + c]
        expected[Int(pick) * width + c] = BFloat16.float(BFloat16.bits(sum))
      }
    }
    cpu.scatterAddRows(of: y, at: indices, to: target)
    #expect(target.floats() == expected)
  }

  @Test func notANumberStays() {
    let x = Tensor([1, Float.nan, .infinity, -.infinity], shape: [4], dtype: .bfloat16, backend: cpu)
    let y = Tensor(uninitialized: [4], dtype: .bfloat16, backend: cpu)
    cpu.add(x, x, into: y)
    #expect(y.floats()[1].isNaN && y.floats()[2] == .infinity && y.floats()[3] == -.infinity)
    cpu.addScaled(x, by: 0.5, to: y)
    #expect(y.floats()[0] == 2.5 && y.floats()[1].isNaN)
    let sums = Tensor.zeros([4], backend: cpu)
    cpu.columnSums(x, into: sums, accumulate: true)
    #expect(sums.floats()[1].isNaN && sums.floats()[0] == 1)
  }
}
