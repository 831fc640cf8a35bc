import CVectorKernels

// Heads are shared out among the threads; each thread's own scratch holds what it needs of the head it is at, and
// scores exist for a strip of queries at a time only.
extension CPUBackend {
  public func attention(
    _ shape: AttentionShape, query: RowBlock, key: RowBlock, value: RowBlock, bias: Tensor?, into result: RowBlock
  ) {
    guard query.tensor.dtype != .float64 else {
      return attentionByProducts(shape, query: query, key: key, value: value, bias: bias, into: result)
    }
    check([query, key, value, result], bias)
    let kernel = shape.kernel(query.tensor.dtype, hasBias: bias != nil)
    let scratchCount = withUnsafePointer(to: kernel) { vk_attention_scratch($0) }
    team.run(shape.batch * shape.heads) { heads in
      let scratch = Tensor(uninitialized: [scratchCount], backend: self)
      withUnsafePointer(to: kernel) {
        vk_attention(
          $0, query.rows, key.rows, value.rows, bias?.float32, result.rows, heads.lowerBound, heads.upperBound,
          scratch.float32)
      }
    }
  }

  public func attentionBackward(
    _ shape: AttentionShape, query: RowBlock, key: RowBlock, value: RowBlock, bias: Tensor?, dy: RowBlock,
    dQuery: RowBlock, dKey: RowBlock, dValue: RowBlock, dBias: Tensor?
  ) {
    let dtype = query.tensor.dtype
    guard dtype == .bfloat16 || dtype == .float32 && dBias == nil else {
      return attentionBackwardByProducts(
        shape, query: query, key: key, value: value, bias: bias, dy: dy, dQuery: dQuery, dKey: dKey, dValue: dValue,
        dBias: dBias)
    }
    precondition(dBias == nil, "the gradient of a bias of bfloat16 attention")
    check([query, key, value, dy, dQuery, dKey, dValue], bias)
    let kernel = shape.kernel(dtype, hasBias: bias != nil)
    let scratchCount = withUnsafePointer(to: kernel) { vk_attention_backward_scratch($0) }
    team.run(shape.batch * shape.heads) { heads in
      let scratch = Tensor(uninitialized: [scratchCount], backend: self)
      withUnsafePointer(to: kernel) {
        vk_attention_backward(
          $0, query.rows, key.rows, value.rows, bias?.float32, dy.rows, dQuery.rows, dKey.rows, dValue.rows,
          heads.lowerBound, heads.upperBound, scratch.float32)
      }
    }
  }

  private func check(_ blocks: [RowBlock], _ bias: Tensor?) {
    let formats = blocks.map(\.tensor.dtype)
    precondition(formats.allSatisfy { $0 == formats[0] }, "attention of operands of \(formats)")
    precondition(bias.map { $0.dtype == .float32 } ?? true, "a bias of \(bias!.dtype) for \(formats[0]) attention")
  }
}

extension RowBlock {
  /// Where the rows of the first head begin.
  fileprivate var rows: vk_attention_rows {
    vk_attention_rows(rows: tensor.raw + column * tensor.dtype.byteCount, stride: stride)
  }
}

extension AttentionShape {
  fileprivate func kernel(_ dtype: DType, hasBias: Bool) -> vk_attention_shape {
    precondition(
      batch * heads == 0 || queries > 0 && keys > 0 && width > 0,
      "attention of \(queries) queries to \(keys) keys of width \(width)")
    return vk_attention_shape(
      dtype: dtype.anyCode, heads: heads, queries: queries, keys: keys, width: width,
      bias_has_batch: hasBias && biasHasBatch ? 1 : 0, bias_has_queries: hasBias && biasHasQueries ? 1 : 0)
  }
}
