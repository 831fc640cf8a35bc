import CNVIDIA
import TensorCore

// Rows of a matrix with a vector: one number a column, or one number a row.

extension CUDABackend {
  public func addSuffix(_ b: Tensor, to x: Tensor, into result: Tensor) {
    launch("add_suffix", x, with: b, isAlongRows: true, into: result, columns: b.count)
  }

  public func addColumn(_ v: Tensor, to x: Tensor, into result: Tensor) {
    launch("add_column", x, with: v, isAlongRows: false, into: result, columns: x.columnCount)
  }

  public func scaleRows(of x: Tensor, by v: Tensor, into result: Tensor) {
    launch("scale_rows", x, with: v, isAlongRows: false, into: result, columns: x.columnCount)
  }

  public func compareAtLeast(_ x: Tensor, column v: Tensor, into result: Tensor) {
    launch("compare_at_least", x, with: v, isAlongRows: false, into: result, columns: x.columnCount)
  }

  /// Queues a kernel of `over_rows` (elementwise.cu): threads side by side along the columns, each with two rows of
  /// x or more.
  private func launch(
    _ kernel: String, _ x: Tensor, with v: Tensor, isAlongRows: Bool, into result: Tensor, columns: Int
  ) {
    let rows = x.count / max(1, columns)
    precondition(
      x.dtype == v.dtype && x.dtype == result.dtype && x.count == result.count
        && v.count == (isAlongRows ? columns : rows), "\(kernel) of \(x) and \(v) into \(result)")
    let length = KernelArgument.accessByteCount / x.dtype.byteCount
    let isAligned =
      columns % length == 0
      && (isAlongRows ? [x, v, result] : [x, result]).allSatisfy {
        $0.device % CUdeviceptr(KernelArgument.accessByteCount) == 0
      }
    let places = isAligned ? columns / length : columns
    let blocksAcross = (places + CUDABackend.vectorThreads - 1) / CUDABackend.vectorThreads
    // Of several blocks side by side each begins where a warp's access of 512 bytes does.
    let across = blocksAcross > 1 ? ((places + blocksAcross - 1) / blocksAcross + 31) / 32 * 32 : places
    let down = max(1, min(CUDABackend.vectorThreads / max(1, across), rows))
    var shape = LaunchShape(blocks: blocksAcross, threads: across * down)
    shape.blocks.y = min((rows + 2 * down - 1) / (2 * down), CUDABackend.mostBlocksDown)
    launch(
      "\(kernel)_\(x.dtype.floatSuffix)", shape,
      [
        .tensor(x), .tensor(v), .tensor(result), .count(rows), .count(columns), .int32(Int32(across)),
        .int32(isAligned ? 1 : 0),
      ])
  }

  /// CUDA's bound of blocks along y.
  private static let mostBlocksDown = 65535
}
