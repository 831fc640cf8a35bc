extension Tensor {
  /// exp(x)/Σ exp(x) over the last axis; dx = y·(dy − Σ y·dy).
  public func softmax() -> Tensor {
    let x = variable
    let y = Tensor(like: x)
    backend.softmax(self, into: y)
    let value = y.detached()
    return y.record(from: x) { dy, gradients in
      let dx = Tensor(like: x)
      x.backend.softmaxBackward(y: value, dy: dy, into: dx)
      gradients.add(dx, to: x)
    }
  }

  /// x − log Σ exp(x) over the last axis; dx = dy − softmax(x)·Σ dy.
  public func logSoftmax() -> Tensor {
    let x = variable
    let y = Tensor(like: x)
    backend.logSoftmax(self, into: y)
    let value = y.detached()
    return y.record(from: x) { dy, gradients in
      let dx = Tensor(like: x)
      x.backend.logSoftmaxBackward(y: value, dy: dy, into: dx)
      gradients.add(dx, to: x)
    }
  }
}
