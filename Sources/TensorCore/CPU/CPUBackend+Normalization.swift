import CVectorKernels

extension CPUBackend {
  public func layerNorm(
    _ x: Tensor, adding update: Tensor?, gamma: Tensor, beta: Tensor, epsilon: Double, sum: Tensor, into result: Tensor,
    mean: Tensor, inverseDeviation: Tensor
  ) {
    precondition(update != nil || sum.raw == x.raw, "a sum of one tensor")
    vk_layer_norm(
      x.dtype.code, x.raw, (update ?? x).dtype.anyCode, update?.raw, gamma.raw, beta.raw, epsilon, sum.raw,
      result.dtype.anyCode, result.raw, mean.raw, inverseDeviation.raw, x.rowCount, x.columnCount)
  }

  public func normalize(
    _ x: Tensor, gamma: Tensor, beta: Tensor, mean: Tensor, inverseDeviation: Tensor, into result: Tensor
  ) {
    vk_normalize(
      x.dtype.code, x.raw, gamma.raw, beta.raw, mean.raw, inverseDeviation.raw, result.dtype.anyCode, result.raw,
      x.rowCount, x.columnCount)
  }

  public func layerNormBackward(
    _ x: Tensor, gamma: Tensor, mean: Tensor, inverseDeviation: Tensor, dy: Tensor, adding addend: Tensor?,
    into dx: Tensor, dGamma: Tensor, dBeta: Tensor
  ) {
    vk_layer_norm_backward(
      x.dtype.code, x.raw, gamma.raw, mean.raw, inverseDeviation.raw, dy.dtype.anyCode, dy.raw, addend?.raw, dx.raw,
      dGamma.raw, dBeta.raw, x.rowCount, x.columnCount)
  }

  public func unitRows(_ x: Tensor, epsilon: Double, into result: Tensor, lengths: Tensor) {
    vk_unit_rows(x.dtype.code, x.raw, epsilon, result.raw, lengths.raw, x.rowCount, x.columnCount)
  }

  public func unitRowsBackward(y: Tensor, lengths: Tensor, dy: Tensor, epsilon: Double, into dx: Tensor) {
    vk_unit_rows_backward(y.dtype.code, y.raw, lengths.raw, dy.raw, epsilon, dx.raw, y.rowCount, y.columnCount)
  }

  public func softmax(_ x: Tensor, into result: Tensor) {
    vk_softmax(x.dtype.code, x.raw, result.raw, x.rowCount, x.columnCount)
  }

  public func softmaxBackward(y: Tensor, dy: Tensor, into dx: Tensor) {
    vk_softmax_backward(y.dtype.code, y.raw, dy.raw, dx.raw, y.rowCount, y.columnCount)
  }

  public func logSoftmax(_ x: Tensor, into result: Tensor) {
    vk_log_softmax(x.dtype.code, x.raw, result.raw, x.rowCount, x.columnCount)
  }

  public func logSoftmaxBackward(y: Tensor, dy: Tensor, into dx: Tensor) {
    vk_log_softmax_backward(y.dtype.code, y.raw, dy.raw, dx.raw, y.rowCount, y.columnCount)
  }
}
