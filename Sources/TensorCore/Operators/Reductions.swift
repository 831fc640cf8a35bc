extension Tensor {
  /// Σ x over all elements: a scalar.
  public func sum() -> Tensor {
    let x = variable
    let y = Tensor(like: x, shape: [])
    backend.sum(self, into: y)
    return y.record(from: x) { dy, gradients in
      let dx = Tensor(like: x)
      x.backend.repeatRow(dy, into: dx)
      gradients.add(dx, to: x)
    }
  }

  public func mean() -> Tensor { (1 / Double(count)) * sum() }

  /// How many elements are above zero: a scalar, without gradient.
  public func positiveCount() -> Tensor {
    let y = Tensor(like: self, shape: [])
    backend.countPositive(self, into: y)
    return y
  }

  /// Σ over the last axis: (…, columns) -> (…).
  public func rowSums() -> Tensor {
    let x = variable
    let y = Tensor(like: x, shape: Array(shape.dropLast()))
    backend.rowSums(self, into: y)
    return y.record(from: x) { dy, gradients in
      let zero = Tensor.zeros(x.shape, dtype: x.dtype, backend: x.backend)
      gradients.add(zero.addingColumn(dy), to: x)
    }
  }

  /// Σ over one axis, which goes: (…, n, …) -> (…, …).
  public func sum(axis: Int) -> Tensor {
    let x = variable
    let (outer, length, inner) = (shape[..<axis].reduce(1, *), shape[axis], shape[(axis + 1)...].reduce(1, *))
    let y = Tensor(like: x, shape: Array(shape[..<axis]) + shape[(axis + 1)...])
    backend.sumAxis(self, outer: outer, axis: length, inner: inner, into: y)
    return y.record(from: x) { dy, gradients in
      let rows = (0..<outer).flatMap { [Int32](repeating: Int32($0), count: length) }
      let repeated = dy.reshaped([outer, inner]).gatheringRows(rows, shape: [outer * length, inner])
      gradients.add(repeated.reshaped(x.shape), to: x)
    }
  }

  public func mean(axis: Int) -> Tensor { (1 / Double(shape[axis])) * sum(axis: axis) }
}
