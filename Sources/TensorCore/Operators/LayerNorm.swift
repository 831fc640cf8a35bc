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
      let dx = Tensor(like: x)
      let run = { (dGamma: Tensor, dBeta: Tensor) in
        x.backend.layerNormBackward(
          x, gamma: gamma, mean: mean, inverseDeviation: inverseDeviation, dy: dy, adding: nil, into: dx,
          dGamma: dGamma, dBeta: dBeta)
      }
      // The kernel makes all three gradients in one pass over x; untracked ones go to scratch memory.
      let scratch = { Tensor.zeros(gamma.shape, dtype: gamma.dtype, backend: gamma.backend) }
      if gamma.isTracked && beta.isTracked {
        gradients.addInPlace(to: gamma) { dGamma in gradients.addInPlace(to: beta) { run(dGamma, $0) } }
      } else {
        let (dGamma, dBeta) = (scratch(), scratch())
        run(dGamma, dBeta)
        gradients.add(dGamma, to: gamma)
        gradients.add(dBeta, to: beta)
      }
      gradients.add(dx, to: x)
    }
  }

  /// x/max(‖x‖, ε) over the last axis; dx = (dy − y·(y·dy))/‖x‖.
  public func unitRows(epsilon: Double = 1e-12) -> Tensor {
    let x = self
    let y = Tensor(like: x)
    let lengths = Tensor(like: x, shape: [rowCount])
    backend.unitRows(x, epsilon: epsilon, into: y, lengths: lengths)
    let value = y.detached()
    return y.record(from: x) { dy, gradients in
      let dx = Tensor(like: x)
      x.backend.unitRowsBackward(y: value, lengths: lengths, dy: dy, epsilon: epsilon, into: dx)
      gradients.add(dx, to: x)
    }
  }
}
