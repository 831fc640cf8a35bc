/// A matrix in memory, or the first of a batch.
struct MatrixPointer {
  var address: UnsafeMutableRawPointer
  var isTransposed: Bool
  /// Elements from one stored row to the next, and from one matrix to the next.
  var stride: Int
  var batchStride: Int
  var elementByteCount: Int

  init(_ operand: MatrixOperand) {
    address = operand.tensor.raw
    isTransposed = operand.isTransposed
    stride = operand.rowStride
    batchStride = operand.batchStride
    elementByteCount = operand.tensor.dtype.byteCount
  }

  init(_ address: UnsafeMutableRawPointer, isTransposed: Bool, stride: Int, elementByteCount: Int) {
    self.address = address
    self.isTransposed = isTransposed
    self.stride = stride
    batchStride = 0
    self.elementByteCount = elementByteCount
  }

  /// Where stored row `index` begins.
  func row(_ index: Int) -> UnsafeMutableRawPointer { address + index * stride * elementByteCount }

  func item(_ index: Int) -> MatrixPointer { moved(by: index * batchStride) }

  func fromRow(_ index: Int) -> MatrixPointer { moved(by: isTransposed ? index : index * stride) }

  func fromColumn(_ index: Int) -> MatrixPointer { moved(by: isTransposed ? index * stride : index) }

  private func moved(by elements: Int) -> MatrixPointer {
    var matrix = self
    matrix.address += elements * elementByteCount
    return matrix
  }
}

/// The rows and columns of c that one thread computes: (rows × inner)·(inner × columns).
struct ProductPart {
  var a: MatrixPointer
  var b: MatrixPointer
  var c: MatrixPointer
  var bias: UnsafeMutableRawPointer?
  var rows: Int
  var columns: Int
  var inner: Int

  func item(_ index: Int) -> ProductPart {
    var part = self
    part.a = a.item(index)
    part.b = b.item(index)
    part.c = c.item(index)
    return part
  }

  func rows(_ range: Range<Int>) -> ProductPart {
    var part = self
    part.a = a.fromRow(range.lowerBound)
    part.c = c.fromRow(range.lowerBound)
    part.rows = range.count
    return part
  }

  func columns(_ range: Range<Int>) -> ProductPart {
    var part = self
    part.b = b.fromColumn(range.lowerBound)
    part.c = c.fromColumn(range.lowerBound)
    part.bias = bias.map { $0 + range.lowerBound * (c.elementByteCount == 8 ? 8 : 4) }
    part.columns = range.count
    return part
  }
}

/// Who computes a product.
enum ProductKind {
  /// OpenBLAS, in float32 or float64.
  case plain(DType)
  /// oneDNN.
  case bfloat16(cIsFloat32: Bool)
  /// OpenBLAS in float32, between conversions.
  case widened(cIsFloat32: Bool)

  /// Whether threads share out the columns of c, not its rows. The operand that is not shared out is packed by each
  /// thread again: that should be the smaller one. oneDNN reads a as it lies and packs b, so that columns are better
  /// while there are enough of them: for ViT-B/32's products of 2200 rows by 5 to 15 % with two and four threads.
  func prefersColumns(rows: Int, columns: Int, threadCount: Int) -> Bool {
    if case .bfloat16 = self, columns >= 128 * threadCount { return true }
    return columns > rows
  }
}
