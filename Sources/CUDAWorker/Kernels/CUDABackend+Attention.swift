import CNVIDIA
import TensorCore

// bfloat16 heads of 32 or 64 columns at aligned addresses go to the tensor cores (attention.cu, attention_backward.cu,
// attention_backward_long.cu), everything else to products through scores in memory (attention_general.cu).
extension CUDABackend {
  public func attention(
    _ shape: AttentionShape, query: RowBlock, key: RowBlock, value: RowBlock, bias: Tensor?, into result: RowBlock
  ) {
    check([query, key, value, result], bias, shape)
    if isTiled(shape, [query, key, value, result]) {
      attentionOnTiles(shape, query: query, key: key, value: value, bias: bias, into: result)
    } else {
      attentionByProducts(shape, query: query, key: key, value: value, bias: bias, into: result)
    }
  }

  public func attentionBackward(
    _ shape: AttentionShape, query: RowBlock, key: RowBlock, value: RowBlock, bias: Tensor?, dy: RowBlock,
    dQuery: RowBlock, dKey: RowBlock, dValue: RowBlock, dBias: Tensor?
  ) {
    check([query, key, value, dy, dQuery, dKey, dValue], bias, shape)
    precondition(
      dBias == nil || query.tensor.dtype != .bfloat16 && dBias!.dtype == query.tensor.dtype,
      "the gradient of a bias of \(query.tensor.dtype) attention")
    precondition(dBias == nil || shape.biasHasQueries || shape.queries == 1, "the gradient of a mask of keys")
    if isTiled(shape, [query, key, value, dy, dQuery, dKey, dValue]) {
      attentionBackwardOnTiles(
        shape, query: query, key: key, value: value, bias: bias, dy: dy, dQuery: dQuery, dKey: dKey, dValue: dValue)
    } else {
      attentionBackwardByProducts(
        shape, query: query, key: key, value: value, bias: bias, dy: dy, dQuery: dQuery, dKey: dKey, dValue: dValue,
        dBias: dBias)
    }
  }

  private func check(_ blocks: [RowBlock], _ bias: Tensor?, _ shape: AttentionShape) {
    let formats = blocks.map(\.tensor.dtype)
    precondition(formats.allSatisfy { $0 == formats[0] }, "attention of operands of \(formats)")
    let wanted = formats[0] == .float64 ? DType.float64 : .float32
    precondition(bias.map { $0.dtype == wanted } ?? true, "a bias of \(bias!.dtype) for \(formats[0]) attention")
    precondition(
      shape.batch * shape.heads == 0 || shape.queries > 0 && shape.keys > 0 && shape.width > 0,
      "attention of \(shape.queries) queries to \(shape.keys) keys of width \(shape.width)")
  }
}

extension RowBlock {
  /// Where the rows of the first head begin, and the elements from one row to the next.
  var arguments: [KernelArgument] { [.pointer(device), .count(stride)] }

  var device: CUdeviceptr { tensor.device + CUdeviceptr(column * tensor.dtype.byteCount) }
}

extension AttentionShape {
  var headCount: Int { batch * heads }

  /// The bias, and the elements from one item's to the next and from one query's to the next.
  func biasArguments(_ bias: Tensor?) -> [KernelArgument] {
    let rows = biasHasQueries ? queries : 1
    return [.tensor(bias), .count(biasHasBatch ? rows * keys : 0), .count(biasHasQueries ? keys : 0)]
  }
}
