import CVectorKernels
import Glibc

extension RowBlock {
  /// The rows of one head of one item.
  fileprivate func head(_ head: Int, item: Int, rows: Int, width: Int) -> UnsafeMutableRawPointer {
    tensor.raw + (item * rows * stride + column + head * width) * tensor.dtype.byteCount
  }
}

extension CPUBackend {
  public func attention(
    _ shape: AttentionShape, query: RowBlock, key: RowBlock, value: RowBlock, bias: Tensor?, into result: RowBlock,
    probabilities: Tensor
  ) {
    let dtype = probabilities.dtype
    let (queries, keys, width) = (shape.queries, shape.keys, shape.width)
    let scale = 1 / Double(width).squareRoot()
    let biasRow = shape.biasHasQueries ? keys : 0
    for item in 0..<shape.batch {
      let itemBias = bias.map { $0.raw + shape.biasOffset(item) * dtype.byteCount }
      for head in 0..<shape.heads {
        let scores = probabilities.raw + (item * shape.heads + head) * queries * keys * dtype.byteCount
        gemm(
          dtype, false, true, queries, keys, width, query.head(head, item: item, rows: queries, width: width),
          query.stride, key.head(head, item: item, rows: keys, width: width), key.stride, scores, keys,
          accumulate: false)
        vk_attention_softmax(dtype.code, scores, itemBias, biasRow, scale, queries, keys)
        gemm(
          dtype, false, false, queries, width, keys, scores, keys,
          value.head(head, item: item, rows: keys, width: width), value.stride,
          result.head(head, item: item, rows: queries, width: width), result.stride, accumulate: false)
      }
    }
  }

  public func attentionBackward(
    _ shape: AttentionShape, query: RowBlock, key: RowBlock, value: RowBlock, probabilities: Tensor, dy: RowBlock,
    dQuery: RowBlock, dKey: RowBlock, dValue: RowBlock, dBias: Tensor?
  ) {
    let dtype = probabilities.dtype
    let (queries, keys, width) = (shape.queries, shape.keys, shape.width)
    let scale = 1 / Double(width).squareRoot()
    let biasRow = shape.biasHasQueries ? keys : 0
    precondition(dBias == nil || shape.biasHasQueries || queries == 1, "the gradient of a mask of keys")
    let scratch = Tensor(like: probabilities, shape: [queries, keys])
    for item in 0..<shape.batch {
      let itemBias = dBias.map { $0.raw + shape.biasOffset(item) * dtype.byteCount }
      for head in 0..<shape.heads {
        let p = probabilities.raw + (item * shape.heads + head) * queries * keys * dtype.byteCount
        let dOut = dy.head(head, item: item, rows: queries, width: width)
        gemm(
          dtype, false, true, queries, keys, width, dOut, dy.stride,
          value.head(head, item: item, rows: keys, width: width), value.stride, scratch.raw, keys, accumulate: false)
        gemm(
          dtype, true, false, keys, width, queries, p, keys, dOut, dy.stride,
          dValue.head(head, item: item, rows: keys, width: width), dValue.stride, accumulate: false)
        vk_attention_softmax_backward(dtype.code, p, scratch.raw, itemBias, biasRow, scale, queries, keys)
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
}

extension AttentionShape {
  /// Where the bias of an item begins, in elements.
  fileprivate func biasOffset(_ item: Int) -> Int { biasHasBatch ? item * (biasHasQueries ? queries : 1) * keys : 0 }
}
