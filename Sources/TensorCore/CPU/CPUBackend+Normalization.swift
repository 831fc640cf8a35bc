import CVectorKernels

extension CPUBackend {
  public func layerNorm(
    _ x: Tensor, adding update: Tensor?, gamma: Tensor, beta: Tensor, epsilon: Double, sum: Tensor, into result: Tensor,
    mean: Tensor, inverseDeviation: Tensor
  ) {
    precondition(update != nil || sum.raw == x.raw, "a sum of one tensor")
    CPUBackend.requireFormat(
      x, of: gamma, beta, sum, mean, inverseDeviation, orRounded: [result] + (update.map { [$0] } ?? []))
    let width = x.columnCount
    shareRows(x.rowCount, width: width) { row, count in
      let first = row * width
      vk_layer_norm(
        x.dtype.code, x.raw(at: first), (update ?? x).dtype.anyCode, update?.raw(at: first), gamma.raw, beta.raw,
        epsilon, sum.raw(at: first), result.dtype.anyCode, result.raw(at: first), mean.raw(at: row),
        inverseDeviation.raw(at: row), count, width)
    }
  }

  public func normalize(
    _ x: Tensor, gamma: Tensor, beta: Tensor, mean: Tensor, inverseDeviation: Tensor, into result: Tensor
  ) {
    CPUBackend.requireFormat(x, of: gamma, beta, mean, inverseDeviation, orRounded: [result])
    let width = x.columnCount
    shareRows(x.rowCount, width: width) { row, count in
      vk_normalize(
        x.dtype.code, x.raw(at: row * width), gamma.raw, beta.raw, mean.raw(at: row), inverseDeviation.raw(at: row),
        result.dtype.anyCode, result.raw(at: row * width), count, width)
    }
  }

  public func layerNormBackward(
    _ x: Tensor, gamma: Tensor, mean: Tensor, inverseDeviation: Tensor, dy: Tensor, adding addend: Tensor?,
    into dx: Tensor, dGamma: Tensor, dBeta: Tensor
  ) {
    CPUBackend.requireFormat(x, of: gamma, mean, inverseDeviation, addend ?? dx, dx, dGamma, dBeta, orRounded: [dy])
    let width = x.columnCount
    sumRowBlocks(x.rowCount, into: [dGamma, dBeta], accumulate: true) { row, count, sums in
      let first = row * width
      vk_layer_norm_backward(
        x.dtype.code, x.raw(at: first), gamma.raw, mean.raw(at: row), inverseDeviation.raw(at: row), dy.dtype.anyCode,
        dy.raw(at: first), addend?.raw(at: first), dx.raw(at: first), sums(0), sums(1), count, width)
    }
  }

  /// Kernels of norms take the format of x for that of all others.
  private static func requireFormat(_ x: Tensor, of others: Tensor..., orRounded rounded: [Tensor]) {
    precondition(
      others.allSatisfy { $0.dtype == x.dtype }
        && rounded.allSatisfy { $0.dtype == x.dtype || x.dtype == .float32 && $0.dtype == .bfloat16 },
      "a layer norm of \(x) with \(others + rounded)")
  }

  public func unitRows(_ x: Tensor, epsilon: Double, into result: Tensor, lengths: Tensor) {
    let width = x.columnCount
    shareRows(x.rowCount, width: width) {
      vk_unit_rows(
        x.dtype.code, x.raw(at: $0 * width), epsilon, result.raw(at: $0 * width), lengths.raw(at: $0), $1, width)
    }
  }

  public func unitRowsBackward(y: Tensor, lengths: Tensor, dy: Tensor, epsilon: Double, into dx: Tensor) {
    let width = y.columnCount
    shareRows(y.rowCount, width: width) { row, count in
      let first = row * width
      vk_unit_rows_backward(
        y.dtype.code, y.raw(at: first), lengths.raw(at: row), dy.raw(at: first), epsilon, dx.raw(at: first), count,
        width)
    }
  }

  public func softmax(_ x: Tensor, into result: Tensor) {
    let width = x.columnCount
    shareRows(x.rowCount, width: width) {
      vk_softmax(x.dtype.code, x.raw(at: $0 * width), result.raw(at: $0 * width), $1, width)
    }
  }

  public func softmaxBackward(y: Tensor, dy: Tensor, into dx: Tensor) {
    let width = y.columnCount
    shareRows(y.rowCount, width: width) {
      vk_softmax_backward(
        y.dtype.code, y.raw(at: $0 * width), dy.raw(at: $0 * width), dx.raw(at: $0 * width), $1, width)
    }
  }

  public func logSoftmax(_ x: Tensor, into result: Tensor) {
    let width = x.columnCount
    shareRows(x.rowCount, width: width) {
      vk_log_softmax(x.dtype.code, x.raw(at: $0 * width), result.raw(at: $0 * width), $1, width)
    }
  }

  public func logSoftmaxBackward(y: Tensor, dy: Tensor, into dx: Tensor) {
    let width = y.columnCount
    shareRows(y.rowCount, width: width) {
      vk_log_softmax_backward(
        y.dtype.code, y.raw(at: $0 * width), dy.raw(at: $0 * width), dx.raw(at: $0 * width), $1, width)
    }
  }
}
