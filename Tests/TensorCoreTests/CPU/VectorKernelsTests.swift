import Glibc
import Randomness
import TensorCore
import Testing

/// The vector loops, with their tails, against plain Swift in float64, at lengths around the width of a vector.
@Suite struct VectorKernelsTests {
  static let lengths = [1, 15, 16, 17, 50, 768]
  private static let rows = 3

  private func rows(of length: Int, seed: UInt64 = 1) -> [[Double]] {
    (0..<Self.rows).map { Numbers.normal([length, $0 + 1], seed: seed).values.prefix(length).map { $0 } }
  }

  private func tensor(_ rows: [[Double]], _ dtype: DType = .float32) -> Tensor {
    Tensor(rows.flatMap { $0 }, shape: [rows.count, rows[0].count], dtype: dtype, backend: cpu)
  }

  private func expectRows(
    _ name: Comment, _ x: [[Double]], sourceLocation: SourceLocation = #_sourceLocation,
    _ kernel: (Tensor) -> Tensor, loop: ([Double]) -> [Double]
  ) {
    let expected = x.flatMap(loop)
    expectClose(kernel(tensor(x)).doubles(), expected, 2e-6, name, sourceLocation)
    expectClose(kernel(tensor(x, .float64)).doubles(), expected, 1e-13, name, sourceLocation)
  }

  @Test(arguments: lengths)
  func rowsOf(length: Int) {
    let x = rows(of: length)
    expectRows("softmax", x) {
      $0.softmax()
    } loop: { row in
      let e = row.map { Glibc.exp($0) }
      return e.map { $0 / e.reduce(0, +) }
    }
    expectRows("logSoftmax", x) {
      $0.logSoftmax()
    } loop: { row in
      let total = Glibc.log(row.map { Glibc.exp($0) }.reduce(0, +))
      return row.map { $0 - total }
    }
    expectRows("rowSums", x) {
      $0.rowSums()
    } loop: {
      [$0.reduce(0, +)]
    }
    expectRows("unitRows", x) {
      $0.unitRows()
    } loop: { row in
      let norm = row.map { $0 * $0 }.reduce(0, +).squareRoot()
      return row.map { $0 / norm }
    }
    expectRows("quickGELU", x) {
      $0.quickGELU()
    } loop: {
      $0.map { $0 / (1 + Glibc.exp(-1.702 * $0)) }
    }
    expectRows("gelu", x) {
      $0.gelu()
    } loop: {
      $0.map { 0.5 * $0 * (1 + erf($0 / 2.0.squareRoot())) }
    }
    expectRows("sum(axis: 1)", x) {
      $0.reshaped([Self.rows, length, 1]).sum(axis: 1)
    } loop: {
      [$0.reduce(0, +)]
    }
    let gamma = Numbers.normal([length], seed: 8)
    let beta = Numbers.normal([length], seed: 9)
    if length > 1 {
      let norm = { (t: Tensor) in t.layerNorm(gamma: gamma.tensor(t.dtype), beta: beta.tensor(t.dtype)) }
      expectRows("layerNorm", x) {
        norm($0)
      } loop: { row in
        let mean = row.reduce(0, +) / Double(length)
        let variance = row.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(length)
        return row.indices.map {
          (row[$0] - mean) / (variance + 1e-5).squareRoot() * gamma.values[$0] + beta.values[$0]
        }
      }
    }
  }

  @Test(arguments: lengths)
  func columnsOf(length: Int) {
    let x = rows(of: length)
    let count = 70
    let tall = (0..<count).flatMap { i in x[i % Self.rows] }
    for (dtype, tolerance) in [(DType.float32, 2e-6), (.float64, 1e-13)] {
      let result = Tensor([Double](repeating: 1, count: length), shape: [length], dtype: dtype, backend: cpu)
      let sums = (0..<length).map { column in (0..<count).reduce(0) { $0 + x[$1 % Self.rows][column] } }
      let t = Tensor(tall, shape: [count, length], dtype: dtype, backend: cpu)
      cpu.columnSums(t, into: result, accumulate: true)
      expectClose(result.doubles(), sums.map { $0 + 1 }, tolerance)
      cpu.columnSums(t, into: result, accumulate: false)
      expectClose(result.doubles(), sums, tolerance)
      expectClose([cpu.sumOfSquares(t)], [tall.reduce(0) { $0 + $1 * $1 }], tolerance)
    }
  }

  /// Reassociation may not cost the digits that matter: a long row far from zero.
  @Test func varianceOfALongRowFarFromZero() {
    var stream = RandomStream(seed: 5, "far")
    let row = (0..<768).map { _ in Double(Float(1000 + stream.normal())) }
    let mean = row.reduce(0, +) / 768
    let deviation = (row.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / 768).squareRoot()
    let one = Tensor([Double](repeating: 1, count: 768), shape: [768], backend: cpu)
    let y = Tensor(row, shape: [1, 768], backend: cpu).layerNorm(gamma: one, beta: .zeros([768], backend: cpu))
    expectClose(y.doubles(), row.map { ($0 - mean) / deviation }, 2e-4)
  }

  @Test func updateOfAdamW() {
    let update = AdamWUpdate(
      gradientScale: 0.5, rate: 0.1, beta1: 0.9, beta2: 0.98, epsilon: 1e-6, decay: 0.2, correction1: 0.1,
      correction2: 0.02)
    for length in Self.lengths {
      let (w, g) = (Numbers.normal([length]), Numbers.normal([length], seed: 2))
      let weight = w.tensor(.float64)
      let zero = { Tensor.zeros([length], dtype: .float64, backend: cpu) }
      cpu.adamW(
        update, weight: weight, gradient: g.tensor(.float64), firstMoment: zero(), secondMoment: zero(),
        operand: nil)
      // After one step m̂ = g and √v̂ = |g|.
      let expected = zip(w.values, g.values).map { $0 * 0.98 - 0.1 * (0.5 * $1) / (abs(0.5 * $1) + 1e-6) }
      expectClose(weight.doubles(), expected, 1e-12)
    }
  }
}
