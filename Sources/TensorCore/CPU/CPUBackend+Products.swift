import COpenBLAS
import CVectorKernels

/// float32 and float64 by OpenBLAS, bfloat16 by oneDNN.
///
/// oneDNN computes float32 as well. On one core of a Zen 5 at ViT-B/32's products of 2200 rows OpenBLAS reaches 204 to
/// 221 GFLOP/s whatever is transposed, oneDNN 181 to 216 for x·Wᵀ, 175 to 220 for dy·W and 161 to 190 for dyᵀ·x:
/// float32 stays with OpenBLAS.
extension CPUBackend {
  public func product(
    _ a: MatrixOperand, _ b: MatrixOperand, into c: MatrixOperand, bias: Tensor?, rows: Int, columns: Int, inner: Int,
    batch: Int, accumulate: Bool
  ) {
    guard rows > 0, columns > 0, batch > 0 else { return }
    precondition(bias == nil || !accumulate, "a bias on a sum")
    precondition(bias == nil || bias!.count == columns, "a bias of \(bias!.shape) for \(columns) columns")
    let part = ProductPart(
      a: MatrixPointer(a), b: MatrixPointer(b), c: MatrixPointer(c), bias: bias?.raw, rows: rows, columns: columns,
      inner: inner)
    let kind = productKind(a.tensor.dtype, b.tensor.dtype, c.tensor.dtype, bias: bias?.dtype)
    // Products that together take less than some 20 µs are not worth waking a thread for.
    let worthwhile = 1 << 22
    let work = 2 * rows * columns * max(1, inner)
    if batch >= threadCount {
      team.run(batch, grain: max(1, worthwhile / work)) { items in
        for item in items { compute(kind, part.item(item), accumulate: accumulate) }
      }
      return
    }
    let splitsColumns = kind.prefersColumns(rows: rows, columns: columns, threadCount: threadCount)
    let length = splitsColumns ? columns : rows
    let unit = 64
    let unitCount = (length + unit - 1) / unit
    for item in 0..<batch {
      let part = part.item(item)
      team.run(unitCount, grain: max(1, worthwhile / (work / unitCount + 1))) { units in
        let range = units.lowerBound * unit..<min(length, units.upperBound * unit)
        compute(kind, splitsColumns ? part.columns(range) : part.rows(range), accumulate: accumulate)
      }
    }
  }

  private func productKind(_ a: DType, _ b: DType, _ c: DType, bias: DType?) -> ProductKind {
    precondition(a == b, "a product of \(a) and \(b)")
    if a == .bfloat16 {
      precondition(c != .float64 && (bias ?? .float32) == .float32, "a bfloat16 product into \(c)")
      return usesBFloat16Products ? .bfloat16(cIsFloat32: c == .float32) : .widened(cIsFloat32: c == .float32)
    }
    precondition(a == c && (bias ?? a) == a, "a product of \(a) into \(c)")
    return .plain(a)
  }

  private func compute(_ kind: ProductKind, _ part: ProductPart, accumulate: Bool) {
    switch kind {
    case .plain(let dtype): plainProduct(dtype, part, accumulate: accumulate)
    case .bfloat16(let cIsFloat32) where part.inner > 0:
      bfloat16Product(part, cIsFloat32: cIsFloat32, accumulate: accumulate)
    case .bfloat16(let cIsFloat32), .widened(let cIsFloat32):
      widenedProduct(part, cIsFloat32: cIsFloat32, accumulate: accumulate)
    }
  }

  /// By OpenBLAS, on this thread. It would fill c with zeros first; with a bias, c is filled with that instead.
  func plainProduct(_ dtype: DType, _ part: ProductPart, accumulate: Bool) {
    if let bias = part.bias {
      for row in 0..<part.rows {
        part.c.row(row).copyMemory(from: bias, byteCount: part.columns * dtype.byteCount)
      }
    }
    gemm(
      dtype, part.a.isTransposed, part.b.isTransposed, part.rows, part.columns, part.inner, part.a.address,
      part.a.stride, part.b.address, part.b.stride, part.c.address, part.c.stride,
      accumulate: accumulate || part.bias != nil)
  }

  /// c = op(a)·op(b) (+ c), row-major, with the strides of stored rows.
  @inline(__always)
  func gemm(
    _ dtype: DType, _ transposeA: Bool, _ transposeB: Bool, _ rows: Int, _ columns: Int, _ inner: Int,
    _ a: UnsafeMutableRawPointer, _ strideA: Int, _ b: UnsafeMutableRawPointer, _ strideB: Int,
    _ c: UnsafeMutableRawPointer, _ strideC: Int, accumulate: Bool
  ) {
    let ta = transposeA ? CblasTrans : CblasNoTrans
    let tb = transposeB ? CblasTrans : CblasNoTrans
    // BLAS wants a stride of at least one element even for a matrix without columns.
    let (lda, ldb, ldc) = (blasint(max(1, strideA)), blasint(max(1, strideB)), blasint(max(1, strideC)))
    let (m, n, k) = (blasint(rows), blasint(columns), blasint(inner))
    switch dtype {
    case .float32:
      cblas_sgemm(
        CblasRowMajor, ta, tb, m, n, k, 1, a.assumingMemoryBound(to: Float.self), lda,
        b.assumingMemoryBound(to: Float.self), ldb, accumulate ? 1 : 0, c.assumingMemoryBound(to: Float.self), ldc)
    case .float64:
      cblas_dgemm(
        CblasRowMajor, ta, tb, m, n, k, 1, a.assumingMemoryBound(to: Double.self), lda,
        b.assumingMemoryBound(to: Double.self), ldb, accumulate ? 1 : 0, c.assumingMemoryBound(to: Double.self), ldc)
    case .bfloat16: preconditionFailure("a bfloat16 product by OpenBLAS")
    }
  }

  public func repeatRow(_ b: Tensor, into result: Tensor) {
    if b.count == 1 { return fill(result, with: b.item()) }
    vk_repeat_row(b.dtype.code, b.raw, result.raw, result.count / max(1, b.count), b.count)
  }

  public func transpose(_ x: Tensor, batch: Int, rows: Int, columns: Int, into result: Tensor) {
    vk_transpose(x.dtype.code, x.raw, result.raw, batch, rows, columns)
  }
}
