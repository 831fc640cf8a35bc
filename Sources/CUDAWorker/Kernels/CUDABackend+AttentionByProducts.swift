import CNVIDIA
import TensorCore

extension CUDABackend {
  /// - Parameter scoreBudget: bytes that the scores of all heads computed at once may take.
  func attentionByProducts(
    _ shape: AttentionShape, query: RowBlock, key: RowBlock, value: RowBlock, bias: Tensor?, into result: RowBlock,
    scoreBudget: Int = AttentionScores.budget
  ) {
    let scores = AttentionScores(shape, query.tensor.dtype, matrices: 1, budget: scoreBudget)
    let probabilities = scratch(byteCount: scores.byteCount)
    scores.forEachPart { part in
      setProbabilities(probabilities, scores, part, query: query, key: key, bias: bias)
      mix(probabilities, value, into: result, scale: 1, scores, part)
    }
  }

  /// - Parameter scoreBudget: bytes that the scores and their gradients may take.
  func attentionBackwardByProducts(
    _ shape: AttentionShape, query: RowBlock, key: RowBlock, value: RowBlock, bias: Tensor?, dy: RowBlock,
    dQuery: RowBlock, dKey: RowBlock, dValue: RowBlock, dBias: Tensor?, scoreBudget: Int = AttentionScores.budget
  ) {
    let scores = AttentionScores(shape, query.tensor.dtype, matrices: 2, budget: scoreBudget)
    let probabilities = scratch(byteCount: scores.byteCount)
    let dScores = scratch(byteCount: scores.byteCount)
    scores.forEachPart { part in
      setProbabilities(probabilities, scores, part, query: query, key: key, bias: bias)
      mix(probabilities, transposed: true, dy, into: dValue, scale: 1, scores, part)
      score(dy, value, bias: nil, scale: 1, into: dScores, scores, part)
      launchOnRows(
        "attention_softmax_backward", scores, part, [.pointer(probabilities.pointer), .pointer(dScores.pointer)])
      if let dBias { addBiasGradient(dScores, to: dBias, scores, part) }
      mix(dScores, key, into: dQuery, scale: scores.scale, scores, part)
      mix(dScores, transposed: true, query, into: dKey, scale: scores.scale, scores, part)
    }
  }

  /// softmax(q·kᵀ/√width + bias)
  private func setProbabilities(
    _ probabilities: DeviceStorage, _ scores: AttentionScores, _ part: Range<Int>, query: RowBlock, key: RowBlock,
    bias: Tensor?
  ) {
    score(query, key, bias: bias, scale: scores.scale, into: probabilities, scores, part)
    launchOnRows("attention_softmax", scores, part, [.pointer(probabilities.pointer)])
  }

  /// scale·a·bᵀ + bias for every head of the part.
  private func score(
    _ a: RowBlock, _ b: RowBlock, bias: Tensor?, scale: Double, into result: DeviceStorage, _ scores: AttentionScores,
    _ part: Range<Int>
  ) {
    launch(
      "attention_score_\(scores.rowType.suffix)",
      scores.productShape(rows: scores.shape.queries, columns: scores.shape.keys, part),
      a.arguments + b.arguments + scores.shape.biasArguments(bias) + [
        scores.number(scale), .pointer(result.pointer),
      ] + scores.sizeArguments(part))
  }

  /// scale·p·x or scale·pᵀ·x for every head of the part.
  private func mix(
    _ p: DeviceStorage, transposed: Bool = false, _ x: RowBlock, into result: RowBlock, scale: Double,
    _ scores: AttentionScores, _ part: Range<Int>
  ) {
    launch(
      "attention_mix_\(transposed ? "transposed_" : "")\(scores.rowType.suffix)",
      scores.productShape(
        rows: transposed ? scores.shape.keys : scores.shape.queries, columns: scores.shape.width, part),
      [.pointer(p.pointer)] + x.arguments + [scores.number(scale)] + result.arguments + scores.sizeArguments(part))
  }

  /// A kernel with a warp for every row of scores.
  private func launchOnRows(
    _ kernel: String, _ scores: AttentionScores, _ part: Range<Int>, _ operands: [KernelArgument]
  ) {
    let rows = part.count * scores.shape.queries
    launch(
      "\(kernel)_\(scores.type.suffix)",
      LaunchShape(blocks: (rows + 7) / 8, threads: 256), operands + [.count(rows), .count(scores.shape.keys)])
  }

  private func addBiasGradient(
    _ dScores: DeviceStorage, to dBias: Tensor, _ scores: AttentionScores, _ part: Range<Int>
  ) {
    let shape = scores.shape
    let (items, size) = (shape.biasHasBatch ? shape.batch : 1, shape.queries * shape.keys)
    launch(
      "attention_bias_gradient_\(scores.type.suffix)", elements: items * size,
      [
        .pointer(dScores.pointer), .tensor(dBias), .count(part.lowerBound), .count(part.count), .count(shape.heads),
        .count(items), .count(size),
      ])
  }
}
