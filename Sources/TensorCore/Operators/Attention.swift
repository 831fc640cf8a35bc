// Multi-head attention over projections that stay packed as the input projection made them: no head is copied out.
//
// Per head: softmax(q·kᵀ/√width + bias)·v. The bias is added to the scores, -inf where a key must not be seen:
// (keys), (batch, 1, keys) for a mask of keys, (queries, keys) or (batch, queries, keys) for a graph. It has the format
// of the rows or, where they are bfloat16, float32 and no gradient.

extension Tensor {
  /// Attention of every row to the rows of its own item: packed q, k, v (batch, tokens, 3·D) -> (batch, tokens, D).
  public func selfAttention(heads: Int, bias: Tensor? = nil) -> Tensor {
    let packed = self
    let width = columnCount / 3
    let shape = attentionShape(batch: shape[0], queries: shape[1], keys: shape[1], width: width, heads: heads, bias)
    let y = Tensor(like: packed, shape: [shape.batch, shape.queries, width])
    let blocks = (0..<3).map { RowBlock(packed, column: $0 * width) }
    backend.attention(
      shape, query: blocks[0], key: blocks[1], value: blocks[2], bias: bias, into: RowBlock(y))
    return y.record(from: packed, bias ?? packed) { dy, gradients in
      let dPacked = Tensor(like: packed)
      Self.withBiasGradient(bias, gradients) { dBias in
        packed.backend.attentionBackward(
          shape, query: blocks[0], key: blocks[1], value: blocks[2], bias: bias, dy: RowBlock(dy),
          dQuery: RowBlock(dPacked), dKey: RowBlock(dPacked, column: width),
          dValue: RowBlock(dPacked, column: 2 * width), dBias: dBias)
      }
      gradients.add(dPacked, to: packed)
    }
  }

  /// Attention of the rows of `self` to those of a memory: q (batch, queries, D), packed k, v (batch, keys, 2·D) ->
  /// (batch, queries, D).
  public func attention(to memory: Tensor, heads: Int, bias: Tensor? = nil) -> Tensor {
    let query = self
    let width = columnCount
    precondition(memory.columnCount == 2 * width && memory.shape[0] == shape[0], "attention of \(shape) to \(memory)")
    let shape = attentionShape(
      batch: shape[0], queries: shape[1], keys: memory.shape[1], width: width, heads: heads, bias)
    let y = Tensor(like: query)
    backend.attention(
      shape, query: RowBlock(query), key: RowBlock(memory), value: RowBlock(memory, column: width), bias: bias,
      into: RowBlock(y))
    return y.record(from: query, memory, bias ?? query) { dy, gradients in
      let dQuery = Tensor(like: query)
      let dMemory = Tensor(like: memory)
      Self.withBiasGradient(bias, gradients) { dBias in
        query.backend.attentionBackward(
          shape, query: RowBlock(query), key: RowBlock(memory), value: RowBlock(memory, column: width),
          bias: bias, dy: RowBlock(dy), dQuery: RowBlock(dQuery), dKey: RowBlock(dMemory),
          dValue: RowBlock(dMemory, column: width), dBias: dBias)
      }
      gradients.add(dQuery, to: query)
      gradients.add(dMemory, to: memory)
    }
  }

  private func attentionShape(batch: Int, queries: Int, keys: Int, width: Int, heads: Int, _ bias: Tensor?)
    -> AttentionShape
  {
    precondition(shape.count == 3 && width % heads == 0, "\(heads) heads of attention on \(shape)")
    var result = AttentionShape(batch: batch, heads: heads, queries: queries, keys: keys, width: width / heads)
    guard let bias else { return result }
    precondition(
      dtype == .bfloat16 ? bias.dtype == .float32 && !bias.isTracked : bias.dtype == dtype,
      "a bias of \(bias.dtype)\(bias.isTracked ? " with a gradient" : "") for attention of \(dtype)")
    let axes = [Int](repeating: 1, count: max(0, 3 - bias.shape.count)) + bias.shape
    precondition(
      axes.count == 3 && [1, batch].contains(axes[0]) && [1, queries].contains(axes[1]) && axes[2] == keys,
      "a bias of \(bias.shape) for \(batch) × \(queries) × \(keys)")
    result.biasHasBatch = axes[0] > 1
    result.biasHasQueries = axes[1] > 1
    return result
  }

  private static func withBiasGradient(_ bias: Tensor?, _ gradients: Gradients, _ run: (Tensor?) -> Void) {
    guard let bias, bias.isTracked else { return run(nil) }
    gradients.addInPlace(to: bias) { run($0) }
  }
}
