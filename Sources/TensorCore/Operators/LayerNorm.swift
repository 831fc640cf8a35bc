extension Tensor {
  /// γ·(x − mean)/√(variance + ε) + β over the last axis (Ba et al. 2016), γ and β of its length.
  public func layerNorm(gamma: Tensor, beta: Tensor, epsilon: Double = 1e-5) -> Tensor {
    precondition(
      gamma.count == columnCount && beta.count == columnCount, "a layer norm of \(gamma.shape) on \(shape)")
    let x = self
    let y = Tensor(like: x)
    let mean = Tensor(like: x, shape: [rowCount])
    let inverseDeviation = Tensor(like: x, shape: [rowCount])
    backend.layerNorm(
      x, adding: nil, gamma: gamma, beta: beta, epsilon: epsilon, sum: x, into: y, mean: mean,
      inverseDeviation: inverseDeviation)
    return y.record(from: x, gamma, beta) { dy, gradients in
      gradients.addLayerNorm(
        of: x, gamma: gamma, beta: beta, mean: mean, inverseDeviation: inverseDeviation, dy: dy)
    }
  }

  /// x/max(‖x‖, ε) over the last axis; dx = (dy − y·(y·dy))/‖x‖.
  public func unitRows(epsilon: Double = 1e-12) -> Tensor {
    let x = variable
    let y = Tensor(like: x)
    let lengths = Tensor(like: x, shape: [rowCount])
    backend.unitRows(self, epsilon: epsilon, into: y, lengths: lengths)
    let value = y.detached()
    return y.record(from: x) { dy, gradients in
      let dx = Tensor(like: x)
      x.backend.unitRowsBackward(y: value, lengths: lengths, dy: dy, epsilon: epsilon, into: dx)
      gradients.add(dx, to: x)
    }
  }
}

extension Gradients {
  /// Adds ∂loss/∂x, ∂loss/∂γ and ∂loss/∂β of a layer norm of x; the kernel makes all three in one pass over x.
  func addLayerNorm(
    of x: Tensor, gamma: Tensor, beta: Tensor, mean: Tensor, inverseDeviation: Tensor, dy: Tensor
  ) {
    let run = { (dx: Tensor, addend: Tensor?, dGamma: Tensor, dBeta: Tensor) in
      x.backend.layerNormBackward(
        x, gamma: gamma, mean: mean, inverseDeviation: inverseDeviation, dy: dy, adding: addend, into: dx,
        dGamma: dGamma, dBeta: dBeta)
    }
    let intoX = { (dGamma: Tensor, dBeta: Tensor) in
      guard x.isTracked else { return run(Tensor(like: x), nil, dGamma, dBeta) }
      self.combine(into: x) { run($0, $1, dGamma, dBeta) }
    }
    if gamma.isTracked && beta.isTracked {
      addInPlace(to: gamma) { dGamma in addInPlace(to: beta) { intoX(dGamma, $0) } }
    } else {
      // Where one of them is not wanted, its sums go to memory that nobody reads.
      let scratch = { Tensor.zeros(gamma.shape, dtype: gamma.dtype, backend: gamma.backend) }
      let (dGamma, dBeta) = (scratch(), scratch())
      intoX(dGamma, dBeta)
      add(dGamma, to: gamma)
      add(dBeta, to: beta)
    }
  }
}
