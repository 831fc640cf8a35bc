extension ProfilingBackend {
  public func product(
    _ a: MatrixOperand, _ b: MatrixOperand, into c: MatrixOperand, bias: Tensor?, rows: Int, columns: Int, inner: Int,
    batch: Int, accumulate: Bool
  ) {
    measure(
      .product(a, b), a.tensor.dtype, KernelShape(rows: rows, columns: columns, inner: inner, batch: batch),
      operations: 2 * batch * rows * columns * inner,
      byteCount: batch
        * ((rows * inner + inner * columns) * a.tensor.dtype.byteCount
          + (accumulate ? 2 : 1) * rows * columns * c.tensor.dtype.byteCount)
    ) {
      base.product(
        a, b, into: c, bias: bias, rows: rows, columns: columns, inner: inner, batch: batch, accumulate: accumulate)
    }
  }

  public func repeatRow(_ b: Tensor, into result: Tensor) {
    measure(.repeatRow, result, over: b) { base.repeatRow(b, into: result) }
  }

  public func transpose(_ x: Tensor, batch: Int, rows: Int, columns: Int, into result: Tensor) {
    measure(.transpose, result, over: x) { base.transpose(x, batch: batch, rows: rows, columns: columns, into: result) }
  }

  public func attention(
    _ shape: AttentionShape, query: RowBlock, key: RowBlock, value: RowBlock, bias: Tensor?, into result: RowBlock
  ) {
    // Scores, and their product with the values.
    measure(
      .attention, query.tensor.dtype, KernelShape(shape), operations: 2 * shape.productOperationCount,
      byteCount: 2 * shape.pairByteCount(query.tensor.dtype)
    ) {
      base.attention(shape, query: query, key: key, value: value, bias: bias, into: result)
    }
  }

  public func attentionBackward(
    _ shape: AttentionShape, query: RowBlock, key: RowBlock, value: RowBlock, bias: Tensor?, dy: RowBlock,
    dQuery: RowBlock, dKey: RowBlock, dValue: RowBlock, dBias: Tensor?
  ) {
    // The scores again, then the gradients of probabilities, values, queries and keys.
    measure(
      .attentionBackward, query.tensor.dtype, KernelShape(shape), operations: 5 * shape.productOperationCount,
      byteCount: 4 * shape.pairByteCount(query.tensor.dtype)
    ) {
      base.attentionBackward(
        shape, query: query, key: key, value: value, bias: bias, dy: dy, dQuery: dQuery, dKey: dKey, dValue: dValue,
        dBias: dBias)
    }
  }
}

extension AttentionShape {
  /// Multiplications and additions of one product of all heads of all items: queries × keys × width.
  var productOperationCount: Int { 2 * batch * heads * queries * keys * width }

  /// Bytes of the queries and of the keys together: the values are as many as the keys, the results as the queries.
  func pairByteCount(_ dtype: DType) -> Int { batch * heads * (queries + keys) * width * dtype.byteCount }
}

extension KernelShape {
  fileprivate init(_ shape: AttentionShape) {
    self.init(rows: shape.queries, columns: shape.keys, inner: shape.width, batch: shape.batch * shape.heads)
  }
}
