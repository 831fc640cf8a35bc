// Rows and columns picked by number.

extension Tensor {
  /// Row i of the result is row indices[i] of self, or zeros where that is -1; (rows, D) -> shape, whose last axis is D.
  ///
  /// One operator for every rearrangement of tokens: slicing, interleaving, repeating, packing and unpacking. Its
  /// gradient adds each row back to where it came from.
  public func gatheringRows(_ indices: IndexTensor, shape: [Int]) -> Tensor {
    precondition(
      shape.last == columnCount && shape.dropLast().reduce(1, *) == indices.count,
      "\(indices.count) rows of \(self.shape) as \(shape)")
    let x = variable
    let y = Tensor(like: x, shape: shape)
    backend.gatherRows(of: self, at: indices, into: y)
    return y.record(from: x) { dy, gradients in
      gradients.addInPlace(to: x) { x.backend.scatterAddRows(of: dy, at: indices, to: $0) }
    }
  }

  public func gatheringRows(_ indices: [Int32], shape: [Int]) -> Tensor {
    precondition(indices.allSatisfy { $0 < rowCount }, "a row beyond \(rowCount)")
    return gatheringRows(IndexTensor(indices, backend: backend), shape: shape)
  }

  /// y[r, k] = x[r, indices[r, k]]: (…, columns) -> (…, picks).
  public func gatheringColumns(_ indices: IndexTensor) -> Tensor {
    precondition(rowCount > 0 && indices.count % rowCount == 0, "\(indices.count) columns of \(shape)")
    let x = variable
    let y = Tensor(like: x, shape: shape.dropLast() + [indices.count / rowCount])
    backend.gatherColumns(of: self, at: indices, into: y)
    return y.record(from: x) { dy, gradients in
      gradients.addInPlace(to: x) { x.backend.scatterAddColumns(of: dy, at: indices, to: $0) }
    }
  }

  /// x[r, r] of a square matrix: (n, n) -> (n).
  public func diagonal() -> Tensor {
    precondition(shape.count == 2 && shape[0] == shape[1], "the diagonal of \(shape)")
    let indices = IndexTensor((0..<Int32(shape[0])).map { $0 }, backend: backend)
    return gatheringColumns(indices).reshaped([shape[0]])
  }

  /// The rows of both, one below the other: (a, D) and (b, D) -> (a + b, D).
  public func concatenatingRows(_ other: Tensor) -> Tensor {
    precondition(columnCount == other.columnCount, "the rows of \(shape) and \(other.shape) together")
    let (a, b) = (variable, other.variable)
    let y = Tensor(like: a, shape: [a.rowCount + b.rowCount, columnCount])
    let upper = y.slice(at: 0, shape: a.shape)
    let lower = y.slice(at: a.count, shape: b.shape)
    backend.copy(self, into: upper)
    backend.copy(other, into: lower)
    return y.record(from: a, b) { dy, gradients in
      gradients.add(dy.slice(at: 0, shape: a.shape), to: a)
      gradients.add(dy.slice(at: a.count, shape: b.shape), to: b)
    }
  }

  /// The same elements in another shape of equal count.
  public func reshaped(_ shape: [Int]) -> Tensor {
    precondition(shape.reduce(1, *) == count, "\(self.shape) as \(shape)")
    let x = variable
    let y = slice(at: 0, shape: shape)
    return y.record(from: x) { dy, gradients in gradients.add(dy.slice(at: 0, shape: x.shape), to: x) }
  }

  /// A view of the elements from `start`, outside any backward pass.
  package func slice(at start: Int, shape: [Int]) -> Tensor {
    Tensor(shape: shape, dtype: dtype, backend: backend, storage: storage, offset: offset + start)
  }
}
