import CVectorKernels
import Glibc

extension RowBlock {
  /// The rows of one head of one item.
  fileprivate func head(_ head: Int, item: Int, rows: Int, width: Int) -> UnsafeMutableRawPointer {
    tensor.raw + (item * rows * stride + column + head * width) * tensor.dtype.byteCount
  }
}

// Attention with the scores of a head in memory: for float64, and where the bias has a gradient.
extension CPUBackend {
  func attentionByProducts(
    _ shape: AttentionShape, query: RowBlock, key: RowBlock, value: RowBlock, bias: Tensor?, into result: RowBlock
  ) {
    let (queries, keys, width) = (shape.queries, shape.keys, shape.width)
    let probabilities = Tensor(like: query.tensor, shape: [queries, keys])
    for item in 0..<shape.batch {
      for head in 0..<shape.heads {
        setProbabilities(probabilities, shape, query: query, key: key, bias: bias, item: item, head: head)
        gemm(
          probabilities.dtype, false, false, queries, width, keys, probabilities.raw, keys,
          value.head(head, item: item, rows: keys, width: width), value.stride,
          result.head(head, item: item, rows: queries, width: width), result.stride, accumulate: false)
      }
    }
  }

  func attentionBackwardByProducts(
    _ shape: AttentionShape, query: RowBlock, key: RowBlock, value: RowBlock, bias: Tensor?, dy: RowBlock,
    dQuery: RowBlock, dKey: RowBlock, dValue: RowBlock, dBias: Tensor?
  ) {
    let dtype = query.tensor.dtype
    let (queries, keys, width) = (shape.queries, shape.keys, shape.width)
    let scale = 1 / Double(width).squareRoot()
    let biasRow = shape.biasHasQueries ? keys : 0
    precondition(dBias == nil || shape.biasHasQueries || queries == 1, "the gradient of a mask of keys")
    let probabilities = Tensor(like: query.tensor, shape: [queries, keys])
    let scratch = Tensor(like: probabilities)
    for item in 0..<shape.batch {
      let itemBias = dBias.map { $0.raw + shape.biasOffset(item) * dtype.byteCount }
      for head in 0..<shape.heads {
        setProbabilities(probabilities, shape, query: query, key: key, bias: bias, item: item, head: head)
        let dOut = dy.head(head, item: item, rows: queries, width: width)
        gemm(
          dtype, false, true, queries, keys, width, dOut, dy.stride,
          value.head(head, item: item, rows: keys, width: width), value.stride, scratch.raw, keys, accumulate: false)
        gemm(
          dtype, true, false, keys, width, queries, probabilities.raw, keys, dOut, dy.stride,
          dValue.head(head, item: item, rows: keys, width: width), dValue.stride, accumulate: false)
        vk_attention_softmax_backward(
          dtype.code, probabilities.raw, scratch.raw, itemBias, biasRow, scale, queries, keys)
        gemm(
          dtype, false, false, queries, width, keys, scratch.raw, keys,
          key.head(head, item: item, rows: keys, width: width), key.stride,
          dQuery.head(head, item: item, rows: queries, width: width), dQuery.stride, accumulate: false)
        gemm(
          dtype, true, false, keys, width, queries, scratch.raw, keys,
          query.head(head, item: item, rows: queries, width: width), query.stride,
          dKey.head(head, item: item, rows: keys, width: width), dKey.stride, accumulate: false)
      }
    }
  }

  /// softmax(q·kᵀ/√width + bias) of one head of one item.
  private func setProbabilities(
    _ probabilities: Tensor, _ shape: AttentionShape, query: RowBlock, key: RowBlock, bias: Tensor?, item: Int,
    head: Int
  ) {
    let dtype = probabilities.dtype
    let (queries, keys, width) = (shape.queries, shape.keys, shape.width)
    gemm(
      dtype, false, true, queries, keys, width, query.head(head, item: item, rows: queries, width: width), query.stride,
      key.head(head, item: item, rows: keys, width: width), key.stride, probabilities.raw, keys, accumulate: false)
    vk_attention_softmax(
      dtype.code, probabilities.raw, bias.map { $0.raw + shape.biasOffset(item) * dtype.byteCount },
      shape.biasHasQueries ? keys : 0, 1 / Double(width).squareRoot(), queries, keys)
  }
}

extension AttentionShape {
  /// Where the bias of an item begins, in elements.
  fileprivate func biasOffset(_ item: Int) -> Int { biasHasBatch ? item * (biasHasQueries ? queries : 1) * keys : 0 }
}
