import CNVIDIA
import TensorCore

/// By cuBLASLt; what it refuses, and sums over nothing, by an own kernel.
extension CUDABackend {
  /// A line for every shape of products that was computed of late: by which of cuBLASLt's algorithms, or by the own
  /// kernel.
  public var productChoices: [String] { products.choices }

  public func product(
    _ a: MatrixOperand, _ b: MatrixOperand, into c: MatrixOperand, bias: Tensor?, rows: Int, columns: Int, inner: Int,
    batch: Int, accumulate: Bool
  ) {
    guard rows > 0, columns > 0, batch > 0 else { return }
    precondition(bias == nil || !accumulate, "a bias on a sum")
    precondition(bias == nil || bias!.count == columns, "a bias of \(bias?.shape ?? []) for \(columns) columns")
    checkProductFormats(a.tensor.dtype, b.tensor.dtype, c.tensor.dtype, bias: bias?.dtype)
    var shape = ProductShape(
      operandFormat: a.tensor.dtype, resultFormat: c.tensor.dtype, rows: rows, columns: columns, inner: inner,
      batch: batch, a: .init(a), b: .init(b), c: .init(c), biasAlignment: nil, accumulates: accumulate)
    var operands = ProductOperands(a: a.tensor.device, b: b.tensor.device, c: c.tensor.device, bias: 0)
    if inner > 0 {
      // Held until the product is queued; whoever gets the memory next is queued behind it.
      let copied = bias.flatMap { copiedBias($0, for: c.tensor.dtype) }
      if let bias { operands.bias = copied?.pointer ?? bias.device }
      shape.biasAlignment = bias.map { _ in ProductShape.alignment(of: operands.bias) }
      let isQueued = products.multiply(shape, operands, on: self)
      withExtendedLifetime(copied) {}
      if isQueued { return }
    }
    operands.bias = bias?.device ?? 0
    productByKernel(shape, operands)
  }

  private func checkProductFormats(_ a: DType, _ b: DType, _ c: DType, bias: DType?) {
    precondition(a == b, "a product of \(a) and \(b)")
    if a == .bfloat16 {
      precondition(c != .float64 && (bias ?? .float32) == .float32, "a bfloat16 product into \(c)")
    } else {
      precondition(a == c && (bias ?? a) == a, "a product of \(a) into \(c)")
    }
  }

  /// A bias as cuBLASLt takes it, where `bias` is not: in the format of the result, and at a multiple of sixteen bytes,
  /// which its kernels may read at once whatever the heuristic was told (github.com/pytorch/pytorch/pull/194497).
  private func copiedBias(_ bias: Tensor, for result: DType) -> DeviceStorage? {
    if result == .bfloat16 { return narrowedBias(bias) }
    if bias.device % 16 == 0 { return nil }
    let copied = scratch(byteCount: bias.count * bias.dtype.byteCount)
    stream.copyOnDevice(copied.pointer, from: bias.device, byteCount: copied.byteCount)
    return copied
  }

  private func narrowedBias(_ bias: Tensor) -> DeviceStorage {
    let narrowed = scratch(byteCount: bias.count * DType.bfloat16.byteCount)
    launch(
      "product_bias_bf16", elements: bias.count, [.tensor(bias), .pointer(narrowed.pointer), .count(bias.count)])
    return narrowed
  }

  /// The same by `product_any`; the bias is float32 where the result is bfloat16.
  func productByKernel(_ shape: ProductShape, _ operands: ProductOperands) {
    let tile = 64
    let blocks = shape.batch * ((shape.rows + tile - 1) / tile) * ((shape.columns + tile - 1) / tile)
    let (a, b) = (shape.a.strides, shape.b.strides)
    let name =
      shape.operandFormat == shape.resultFormat
      ? shape.operandFormat.suffix : "\(shape.operandFormat.suffix)_\(shape.resultFormat.suffix)"
    launch(
      "product_any_\(name)", LaunchShape(blocks: blocks, threads: 256),
      [
        .pointer(operands.a), .pointer(operands.b), .pointer(operands.c), .pointer(operands.bias), .count(shape.rows),
        .count(shape.columns), .count(shape.inner), .count(a.row), .count(a.column), .count(b.row), .count(b.column),
        .count(shape.c.rowStride), .count(shape.a.batchStride), .count(shape.b.batchStride),
        .count(shape.c.batchStride), .int32(shape.accumulates ? 1 : 0),
      ])
  }

  public func repeatRow(_ b: Tensor, into result: Tensor) {
    let rows = result.count / max(1, b.count)
    // Every thread writes a few dozen numbers.
    let blocks = min((result.count + (1 << 13) - 1) >> 13, 64 * device.multiprocessorCount)
    launch(
      "repeat_row_\(b.dtype.suffix)", LaunchShape(blocks: blocks, threads: 256),
      [.tensor(b), .tensor(result), .count(rows), .count(b.count)])
  }

  public func transpose(_ x: Tensor, batch: Int, rows: Int, columns: Int, into result: Tensor) {
    let tile = 64
    let blocks = batch * ((rows + tile - 1) / tile) * ((columns + tile - 1) / tile)
    launch(
      "transpose_\(x.dtype.suffix)", LaunchShape(blocks: blocks, threads: 256),
      [.tensor(x), .tensor(result), .count(rows), .count(columns)])
  }
}
