import COpenBLAS
import CVectorKernels

extension CPUBackend {
  public func product(
    _ a: MatrixOperand, _ b: MatrixOperand, into c: MatrixOperand, bias: Tensor?, rows: Int, columns: Int, inner: Int,
    batch: Int, accumulate: Bool
  ) {
    guard rows > 0, columns > 0 else { return }
    precondition(bias == nil || !accumulate && c.rowStride == columns, "a bias on a sum")
    if let bias { repeatRow(bias, into: c.tensor) }
    let accumulate = accumulate || bias != nil
    for item in 0..<batch {
      gemm(
        c.tensor.dtype, a.isTransposed, b.isTransposed, rows, columns, inner,
        a.tensor.raw + item * a.batchStride * a.tensor.dtype.byteCount, a.rowStride,
        b.tensor.raw + item * b.batchStride * b.tensor.dtype.byteCount, b.rowStride,
        c.tensor.raw + item * c.batchStride * c.tensor.dtype.byteCount, c.rowStride, accumulate: accumulate)
    }
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
