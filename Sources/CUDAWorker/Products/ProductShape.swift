import CNVIDIA
import TensorCore

/// All that decides how a product is computed: products of equal shapes are computed alike, to the bit.
struct ProductShape: Hashable, Sendable {
  /// A stored matrix, or the first of a batch.
  struct Matrix: Hashable, Sendable {
    var isTransposed: Bool
    /// Elements from one stored row to the next, and from one matrix to the next.
    var rowStride: Int
    var batchStride: Int
    /// The greatest power of two that divides the address, at most 256 (bytes).
    var alignment: Int
  }

  /// Of a and b, and of c.
  var operandFormat: DType
  var resultFormat: DType
  var rows: Int
  var columns: Int
  var inner: Int
  var batch: Int
  var a: Matrix
  var b: Matrix
  var c: Matrix
  /// nil where there is no bias.
  var biasAlignment: Int?
  var accumulates: Bool

  /// From the first to the last element of c, and up to 256 bytes of its alignment before it.
  var resultByteCount: Int {
    256 + ((batch - 1) * c.batchStride + (rows - 1) * c.rowStride + columns) * resultFormat.byteCount
  }

  /// The alignment of an address, as far as cuBLASLt asks.
  static func alignment(of pointer: CUdeviceptr) -> Int { min(256, 1 << min(8, pointer.trailingZeroBitCount)) }
}

extension ProductShape.Matrix {
  init(_ operand: MatrixOperand) {
    isTransposed = operand.isTransposed
    rowStride = operand.rowStride
    batchStride = operand.batchStride
    alignment = ProductShape.alignment(of: operand.tensor.device)
  }

  /// Elements from one row, and from one column, of the matrix as it is multiplied to the next.
  var strides: (row: Int, column: Int) { isTransposed ? (1, rowStride) : (rowStride, 1) }
}

extension ProductShape: CustomStringConvertible {
  /// `256 × 3072 × 768 bfloat16 -> float32, a transposed, batch 4, bias, accumulating`: rows, columns, inner.
  var description: String {
    var text = "\(rows) × \(columns) × \(inner) \(operandFormat)"
    if resultFormat != operandFormat { text += " -> \(resultFormat)" }
    if a.isTransposed { text += ", a transposed" }
    if b.isTransposed { text += ", b transposed" }
    if batch > 1 { text += ", batch \(batch)" }
    if biasAlignment != nil { text += ", bias" }
    if accumulates { text += ", accumulating" }
    return text
  }
}
