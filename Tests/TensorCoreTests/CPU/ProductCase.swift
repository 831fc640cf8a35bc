import Randomness
import Testing

@testable import TensorCore

/// A product of matrices somewhere inside larger tensors, held against float64 products of the same numbers.
struct ProductCase: CustomStringConvertible {
  var rows: Int
  var columns: Int
  var inner: Int
  var transposesA = false
  var transposesB = false
  var batch = 1
  /// Elements between the rows that belong to no matrix, and in front of the first one.
  var gap = 0
  var format = DType.bfloat16
  var resultFormat = DType.bfloat16
  var hasBias = false
  var accumulates = false

  var description: String {
    "\(batch) × (\(rows)×\(inner))\(transposesA ? "ᵀ" : "")·(\(inner)×\(columns))\(transposesB ? "ᵀ" : "") \(format) → "
      + "\(resultFormat), gap \(gap)\(hasBias ? ", bias" : "")\(accumulates ? ", accumulated" : "")"
  }

  /// All transposes.
  func transposes() -> [ProductCase] {
    [(false, false), (false, true), (true, false), (true, true)].map { a, b in
      var product = self
      (product.transposesA, product.transposesB) = (a, b)
      return product
    }
  }

  /// A matrix with gaps, of numbers that its format holds exactly.
  private func operand(
    _ rows: Int, _ columns: Int, isTransposed: Bool, _ dtype: DType, seed: UInt64, on worker: CPUBackend
  )
    -> (operand: MatrixOperand, whole: Tensor)
  {
    let (storedRows, width) = isTransposed ? (columns, rows) : (rows, columns)
    let (stride, length) = (width + gap, storedRows * (width + gap))
    let count = gap + batch * length
    let numbers = Tensor(
      uninitialized: [count], dtype: dtype == .float64 ? .float64 : .float32, backend: worker)
    worker.fillNormal(numbers, from: RandomStream(seed: seed, "product", count), deviation: 1)
    let whole = Tensor(uninitialized: [count], dtype: dtype, backend: worker)
    worker.convert(numbers, into: whole)
    let matrices = whole.slice(at: gap, shape: [batch * length])
    return (
      MatrixOperand(matrices, isTransposed: isTransposed, rowStride: stride, batchStride: length), whole
    )
  }

  /// What `worker` makes of it: every number of the tensor that holds the result.
  func result(on worker: CPUBackend) -> [Double] {
    let (a, _) = operand(rows, inner, isTransposed: transposesA, format, seed: 1, on: worker)
    let (b, _) = operand(inner, columns, isTransposed: transposesB, format, seed: 2, on: worker)
    let (c, whole) = operand(rows, columns, isTransposed: false, resultFormat, seed: 3, on: worker)
    worker.product(
      a, b, into: c, bias: bias(on: worker), rows: rows, columns: columns, inner: inner, batch: batch,
      accumulate: accumulates)
    return whole.doubles()
  }

  private func bias(on worker: CPUBackend) -> Tensor? {
    guard hasBias else { return nil }
    return Numbers.normal([columns], seed: 4).tensor(format == .float64 ? .float64 : .float32)
  }

  /// The exact result, and how far each number of it may be off.
  private func reference() -> (values: [Double], tolerance: [Double]) {
    let (a, _) = operand(rows, inner, isTransposed: transposesA, format, seed: 1, on: cpu)
    let (b, _) = operand(inner, columns, isTransposed: transposesB, format, seed: 2, on: cpu)
    let (c, whole) = operand(rows, columns, isTransposed: false, resultFormat, seed: 3, on: cpu)
    let bias = bias(on: cpu)?.doubles()
    var values = whole.doubles()
    var tolerance = [Double](repeating: 0, count: values.count)
    let epsilon = format == .float64 ? 0x1p-52 : 0x1p-23
    let rounding = resultFormat == .bfloat16 ? 0x1p-8 : epsilon
    for item in 0..<batch {
      let x = dense(a, rows, inner, item: item)
      let y = dense(b, inner, columns, item: item)
      let sums = exact(x, y)
      let magnitudes = exact(x.map { abs($0) }, y.map { abs($0) })
      for row in 0..<rows {
        for column in 0..<columns {
          let place = gap + item * c.batchStride + row * c.rowStride + column
          let start = (accumulates ? values[place] : 0) + (bias?[column] ?? 0)
          values[place] = start + sums[row * columns + column]
          let magnitude = magnitudes[row * columns + column] + abs(start)
          tolerance[place] = epsilon * Double(inner + 1).squareRoot() * magnitude + rounding * abs(values[place])
        }
      }
    }
    return (values, tolerance)
  }

  private func dense(_ matrix: MatrixOperand, _ rows: Int, _ columns: Int, item: Int) -> [Double] {
    let elements = matrix.tensor.doubles()
    let start = item * matrix.batchStride
    let (rowStep, columnStep) = matrix.isTransposed ? (1, matrix.rowStride) : (matrix.rowStride, 1)
    var numbers: [Double] = []
    numbers.reserveCapacity(rows * columns)
    for row in 0..<rows {
      for column in 0..<columns { numbers.append(elements[start + row * rowStep + column * columnStep]) }
    }
    return numbers
  }

  private func exact(_ x: [Double], _ y: [Double]) -> [Double] {
    let a = Tensor(x, shape: [rows, inner], dtype: .float64, backend: cpu)
    let b = Tensor(y, shape: [inner, columns], dtype: .float64, backend: cpu)
    return a.product(b).doubles()
  }

  /// Every number of the result is right, and those around it are as they were.
  func expectRight(on worker: CPUBackend, _ location: SourceLocation = #_sourceLocation) {
    let values = result(on: worker)
    let (expected, tolerance) = reference()
    let wrong = values.indices.first { !(abs(values[$0] - expected[$0]) <= tolerance[$0]) }
    if let wrong {
      Issue.record(
        "\(self): element \(wrong) is \(values[wrong]), not \(expected[wrong]) ± \(tolerance[wrong])",
        sourceLocation: location)
    }
  }
}
