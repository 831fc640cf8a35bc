extension ProfilingBackend {
  public func layerNorm(
    _ x: Tensor, adding update: Tensor?, gamma: Tensor, beta: Tensor, epsilon: Double, sum: Tensor, into result: Tensor,
    mean: Tensor, inverseDeviation: Tensor
  ) {
    measure(.layerNorm, result, over: x, update, update == nil ? nil : sum) {
      base.layerNorm(
        x, adding: update, gamma: gamma, beta: beta, epsilon: epsilon, sum: sum, into: result, mean: mean,
        inverseDeviation: inverseDeviation)
    }
  }

  public func normalize(
    _ x: Tensor, gamma: Tensor, beta: Tensor, mean: Tensor, inverseDeviation: Tensor, into result: Tensor
  ) {
    measure(.normalize, result, over: x) {
      base.normalize(x, gamma: gamma, beta: beta, mean: mean, inverseDeviation: inverseDeviation, into: result)
    }
  }

  public func layerNormBackward(
    _ x: Tensor, gamma: Tensor, mean: Tensor, inverseDeviation: Tensor, dy: Tensor, adding addend: Tensor?,
    into dx: Tensor, dGamma: Tensor, dBeta: Tensor
  ) {
    measure(.layerNormBackward, dx, over: x, dy, addend) {
      base.layerNormBackward(
        x, gamma: gamma, mean: mean, inverseDeviation: inverseDeviation, dy: dy, adding: addend, into: dx,
        dGamma: dGamma, dBeta: dBeta)
    }
  }

  public func unitRows(_ x: Tensor, epsilon: Double, into result: Tensor, lengths: Tensor) {
    measure(.unitRows, result, over: x) { base.unitRows(x, epsilon: epsilon, into: result, lengths: lengths) }
  }

  public func unitRowsBackward(y: Tensor, lengths: Tensor, dy: Tensor, epsilon: Double, into dx: Tensor) {
    measure(.unitRowsBackward, dx, over: y, dy) {
      base.unitRowsBackward(y: y, lengths: lengths, dy: dy, epsilon: epsilon, into: dx)
    }
  }

  public func softmax(_ x: Tensor, into result: Tensor) {
    measure(.softmax, result, over: x) { base.softmax(x, into: result) }
  }

  public func softmaxBackward(y: Tensor, dy: Tensor, into dx: Tensor) {
    measure(.softmaxBackward, dx, over: y, dy) { base.softmaxBackward(y: y, dy: dy, into: dx) }
  }

  public func logSoftmax(_ x: Tensor, into result: Tensor) {
    measure(.logSoftmax, result, over: x) { base.logSoftmax(x, into: result) }
  }

  public func logSoftmaxBackward(y: Tensor, dy: Tensor, into dx: Tensor) {
    measure(.logSoftmaxBackward, dx, over: y, dy) { base.logSoftmaxBackward(y: y, dy: dy, into: dx) }
  }
}

extension ProfilingBackend {
  public func gatherRows(of x: Tensor, at indices: IndexTensor, into result: Tensor) {
    measure(.gatherRows, result, over: result) { base.gatherRows(of: x, at: indices, into: result) }
  }

  public func scatterAddRows(of dy: Tensor, at indices: IndexTensor, to dx: Tensor) {
    measure(.scatterAddRows, dy, over: dy, dy) { base.scatterAddRows(of: dy, at: indices, to: dx) }
  }

  public func gatherColumns(of x: Tensor, at indices: IndexTensor, into result: Tensor) {
    measure(.gatherColumns, result, over: result) { base.gatherColumns(of: x, at: indices, into: result) }
  }

  public func scatterAddColumns(of dy: Tensor, at indices: IndexTensor, to dx: Tensor) {
    measure(.scatterAddColumns, dy, over: dy, dy) { base.scatterAddColumns(of: dy, at: indices, to: dx) }
  }

  public func sortRows(_ x: Tensor, into values: Tensor, indices: IndexTensor) {
    measure(.sortRows, x, over: values) { base.sortRows(x, into: values, indices: indices) }
  }
}
