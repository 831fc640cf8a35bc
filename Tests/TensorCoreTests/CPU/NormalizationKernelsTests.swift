import TensorCore
import Testing

/// The fused layer norm and its backward pass, in every mix of formats, against the formulas in float64.
@Suite struct NormalizationKernelsTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var rows: Int
    var columns: Int
    /// Of the residual stream, and of what goes to and comes from products.
    var dtype: DType
    var operand: DType
    var tolerance: Double

    var testDescription: String { "\(rows)x\(columns) \(dtype) \(operand)" }
  }

  static let cases = [(0, 8), (1, 2), (3, 17), (5, 50), (2, 768), (3, 1000)].flatMap { rows, columns in
    [
      Case(rows: rows, columns: columns, dtype: .float64, operand: .float64, tolerance: 1e-12),
      Case(rows: rows, columns: columns, dtype: .float32, operand: .float32, tolerance: 4e-6),
      Case(rows: rows, columns: columns, dtype: .float32, operand: .bfloat16, tolerance: 4e-3),
    ]
  }

  /// Inputs, rounded to their formats, and what the formulas make of them.
  private struct Reference {
    var x, update, dy, addend, gamma, beta: Tensor
    var sum, mean, inverseDeviation, result, dx, dGamma, dBeta: [Double]

    init(_ c: Case) {
      let make = { (shape: [Int], dtype: DType, seed: UInt64) in Numbers.normal(shape, seed: seed).tensor(dtype) }
      let shape = [c.rows, c.columns]
      x = make(shape, c.dtype, 1)
      update = make(shape, c.operand, 2)
      dy = make(shape, c.operand, 3)
      addend = make(shape, c.dtype, 4)
      gamma = make([c.columns], c.dtype, 5)
      beta = make([c.columns], c.dtype, 6)
      let (g, b) = (gamma.doubles(), beta.doubles())
      let (dys, addends) = (dy.doubles(), addend.doubles())
      let sums = zip(x.doubles(), update.doubles()).map { $0 + $1 }
      (mean, inverseDeviation, result, dx) = ([], [], [], [])
      (dGamma, dBeta) = ([Double](repeating: 1, count: c.columns), [Double](repeating: 2, count: c.columns))
      let n = Double(c.columns)
      for r in 0..<c.rows {
        let row = Array(sums[r * c.columns..<(r + 1) * c.columns])
        let m = row.reduce(0, +) / n
        let s = 1 / (row.map { ($0 - m) * ($0 - m) }.reduce(0, +) / n + 1e-3).squareRoot()
        let hats = row.map { ($0 - m) * s }
        let slopes = Array(dys[r * c.columns..<(r + 1) * c.columns])
        let scaled = zip(slopes, g).map { $0 * $1 }
        let meanSlope = scaled.reduce(0, +) / n
        let dot = zip(scaled, hats).map { $0 * $1 }.reduce(0, +) / n
        mean.append(m)
        inverseDeviation.append(s)
        for i in row.indices {
          result.append(hats[i] * g[i] + b[i])
          dx.append(s * (scaled[i] - meanSlope - hats[i] * dot) + addends[r * c.columns + i])
          dGamma[i] += slopes[i] * hats[i]
          dBeta[i] += slopes[i]
        }
      }
      sum = sums
    }
  }

  private struct Forward {
    var sum, result, mean, inverseDeviation: Tensor
  }

  private func forward(_ c: Case, _ r: Reference, sum: Tensor? = nil, update: Tensor?) -> Forward {
    let rows = { Tensor(uninitialized: [c.rows], dtype: c.dtype, backend: cpu) }
    let f = Forward(
      sum: sum ?? Tensor(uninitialized: r.x.shape, dtype: c.dtype, backend: cpu),
      result: Tensor(uninitialized: r.x.shape, dtype: c.operand, backend: cpu), mean: rows(), inverseDeviation: rows())
    cpu.layerNorm(
      r.x, adding: update, gamma: r.gamma, beta: r.beta, epsilon: 1e-3, sum: f.sum, into: f.result, mean: f.mean,
      inverseDeviation: f.inverseDeviation)
    return f
  }

  @Test(arguments: cases)
  func normOfASum(_ c: Case) {
    let r = Reference(c)
    let f = forward(c, r, update: r.update)
    let exact = c.dtype == .float64 ? 1e-12 : 4e-6
    expectClose(f.sum.doubles(), r.sum, exact, "sum")
    expectClose(f.mean.doubles(), r.mean, exact, "mean")
    expectClose(f.inverseDeviation.doubles(), r.inverseDeviation, exact, "inverse deviation")
    expectClose(f.result.doubles(), r.result, c.tolerance, "result")

    // The sum may take the place of x; the norm of a sum is that of its numbers; and it is found again to the bit.
    let again = Tensor(uninitialized: r.x.shape, dtype: c.operand, backend: cpu)
    cpu.normalize(
      f.sum, gamma: r.gamma, beta: r.beta, mean: f.mean, inverseDeviation: f.inverseDeviation, into: again)
    #expect(again.doubles() == f.result.doubles())
    let inPlace = forward(c, r, sum: r.x, update: r.update)
    #expect(r.x.doubles() == f.sum.doubles())
    #expect(inPlace.result.doubles() == f.result.doubles())
    let plain = forward(c, r, sum: r.x, update: nil)
    expectClose(plain.result.doubles(), r.result, c.tolerance, "without an update")
  }

  @Test(arguments: cases)
  func backward(_ c: Case) {
    let r = Reference(c)
    let f = forward(c, r, update: r.update)
    let run = { (addend: Tensor?, dx: Tensor) in
      let ones = { (value: Double) in
        Tensor([Double](repeating: value, count: c.columns), shape: [c.columns], dtype: c.dtype, backend: cpu)
      }
      let (dGamma, dBeta) = (ones(1), ones(2))
      cpu.layerNormBackward(
        f.sum, gamma: r.gamma, mean: f.mean, inverseDeviation: f.inverseDeviation, dy: r.dy, adding: addend, into: dx,
        dGamma: dGamma, dBeta: dBeta)
      return (dx: dx.doubles(), dGamma: dGamma.doubles(), dBeta: dBeta.doubles())
    }
    let tolerance = c.dtype == .float64 ? 1e-11 : 1e-5
    let fresh = { Tensor(uninitialized: r.x.shape, dtype: c.dtype, backend: cpu) }
    let apart = run(r.addend, fresh())
    expectClose(apart.dx, r.dx, tolerance, "dx")
    expectClose(apart.dGamma, r.dGamma, tolerance, "dGamma")
    expectClose(apart.dBeta, r.dBeta, tolerance, "dBeta")
    let alone = run(nil, fresh())
    expectClose(zip(alone.dx, r.addend.doubles()).map { $0 + $1 }, r.dx, tolerance, "dx without addend")
    let inPlace = run(r.addend, r.addend)
    #expect(inPlace.dx == apart.dx)
    #expect(inPlace.dGamma == apart.dGamma)
  }

  @Test(arguments: [DType.float32, .bfloat16])
  func notANumberStays(operand: DType) {
    let c = Case(rows: 3, columns: 33, dtype: .float32, operand: operand, tolerance: 0)
    var r = Reference(c)
    var values = r.update.doubles()
    values[33 + 32] = .nan
    r.update = Tensor(values, shape: [3, 33], dtype: operand, backend: cpu)
    let y = forward(c, r, update: r.update).result.doubles()
    #expect(y.map(\.isNaN) == (0..<3 * 33).map { $0 / 33 == 1 })
  }
}
