import Randomness
import TensorCore
import Testing

@testable import CUDAWorker

/// One product with its operands on the emulated GPU, and what it must give.
struct ProductCase: CustomStringConvertible {
  enum Addition: CaseIterable, Sendable { case nothing, bias, result }

  /// How matrices lie: one; one whose rows are further apart than they are long; some side by side; some that share an
  /// operand.
  enum Arrangement: CaseIterable, Sendable { case single, padded, batch, sharedA, sharedB }

  struct Formats: Sendable, CustomTestStringConvertible {
    var operands: DType
    var result: DType
    var testDescription: String { "\(operands) -> \(result)" }

    static let all = [
      Formats(operands: .float32, result: .float32), Formats(operands: .float64, result: .float64),
      Formats(operands: .bfloat16, result: .bfloat16), Formats(operands: .bfloat16, result: .float32),
    ]
  }

  let formats: Formats
  let size: (rows: Int, columns: Int, inner: Int)
  let batch: Int
  private(set) var a: MatrixOperand
  private(set) var b: MatrixOperand
  private(set) var c: MatrixOperand
  private(set) var bias: Tensor?
  let accumulates: Bool
  /// c before the product.
  let before: [Double]

  init(
    _ formats: Formats, _ size: (rows: Int, columns: Int, inner: Int), _ arrangement: Arrangement = .single,
    _ addition: Addition = .nothing, transposingA: Bool = false, transposingB: Bool = false, seed: UInt64 = 1
  ) {
    self.formats = formats
    self.size = size
    let batch = arrangement == .single || arrangement == .padded ? 1 : 3
    self.batch = batch
    var random = RandomStream(seed: seed, "product case")
    let matrix = { (dtype: DType, rows: Int, columns: Int, count: Int, isPoisoned: Bool) -> MatrixOperand in
      let stride = columns + (arrangement == .padded ? 6 : 0)
      let length = max(1, count * rows * stride)
      let values = (0..<length).map { _ in isPoisoned ? Double.nan : random.uniform(-1, 1) }
      return MatrixOperand(
        EmulatedGPU.tensor(values, dtype: dtype), rowStride: stride, batchStride: count > 1 ? rows * stride : 0)
    }
    let (m, n, k) = size
    let operandFormat = formats.operands
    var a = matrix(
      operandFormat, transposingA ? k : m, transposingA ? m : k, arrangement == .sharedA ? 1 : batch, false)
    var b = matrix(
      operandFormat, transposingB ? n : k, transposingB ? k : n, arrangement == .sharedB ? 1 : batch, false)
    a.isTransposed = transposingA
    b.isTransposed = transposingB
    (self.a, self.b) = (a, b)
    accumulates = addition == .result
    c = matrix(formats.result, m, n, batch, !accumulates)
    before = c.tensor.doubles()
    let biasFormat = formats.operands == .float64 ? DType.float64 : .float32
    bias = addition == .bias ? EmulatedGPU.tensor((0..<n).map { _ in random.uniform(-1, 1) }, dtype: biasFormat) : nil
  }

  var description: String {
    "\(shape), strides \(a.rowStride) \(b.rowStride) \(c.rowStride), batch strides \(a.batchStride) \(b.batchStride)"
  }

  var shape: ProductShape {
    ProductShape(
      operandFormat: formats.operands, resultFormat: formats.result, rows: size.rows, columns: size.columns,
      inner: size.inner, batch: batch, a: .init(a), b: .init(b), c: .init(c),
      biasAlignment: bias.map { ProductShape.alignment(of: $0.device) }, accumulates: accumulates)
  }

  var operands: ProductOperands {
    ProductOperands(a: a.tensor.device, b: b.tensor.device, c: c.tensor.device, bias: bias?.device ?? 0)
  }

  /// The same with every operand `offset` elements further on in its memory; what lies before c is poisoned.
  func shifted(by offset: Int) -> ProductCase {
    let shift = { (x: Tensor) in
      EmulatedGPU.tensor([Double](repeating: .nan, count: offset) + x.doubles(), dtype: x.dtype)
        .part(x.shape, at: offset)
    }
    var shifted = self
    shifted.a.tensor = shift(a.tensor)
    shifted.b.tensor = shift(b.tensor)
    shifted.c.tensor = shift(c.tensor)
    shifted.bias = bias.map(shift)
    return shifted
  }

  func run(on backend: CUDABackend) {
    backend.product(
      a, b, into: c, bias: bias, rows: size.rows, columns: size.columns, inner: size.inner, batch: batch,
      accumulate: accumulates)
  }

  /// What c must hold, in float64 from the same rounded operands; nothing between its rows has changed.
  func expected() -> [Double] {
    let (x, y, bias) = (a.tensor.doubles(), b.tensor.doubles(), bias?.doubles())
    var result = before
    for item in 0..<batch {
      for row in 0..<size.rows {
        for column in 0..<size.columns {
          var sum = 0.0
          for k in 0..<size.inner {
            let left = item * a.batchStride + (a.isTransposed ? k * a.rowStride + row : row * a.rowStride + k)
            let right = item * b.batchStride + (b.isTransposed ? column * b.rowStride + k : k * b.rowStride + column)
            sum += x[left] * y[right]
          }
          let place = item * c.batchStride + row * c.rowStride + column
          result[place] = sum + (bias?[column] ?? 0) + (accumulates ? before[place] : 0)
        }
      }
    }
    return result
  }

  /// Of `error`: the sums' and the result's rounding, and in bfloat16 that of the bias.
  var tolerance: Double {
    switch formats.result {
    // One number may be off by all of its last bit, and a bias too; many are so by the half on average.
    case .bfloat16: size.rows * size.columns == 1 ? 0x1p-7 : 3e-3
    case .float32: 1e-6
    case .float64: 1e-14
    }
  }

  /// The relative error of c; not a number where something was written beside it, or nothing into it.
  func error() -> Double {
    let (found, wanted) = (c.tensor.doubles(), expected())
    var (numbers, references): ([Double], [Double]) = ([], [])
    for (x, y) in zip(found, wanted) where !(x.isNaN && y.isNaN) {
      numbers.append(x)
      references.append(y)
    }
    return relativeError(numbers, references)
  }
}
