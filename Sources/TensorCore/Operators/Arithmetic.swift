// Sums and products of numbers, and of rows with vectors.

extension Tensor {
  /// a + b, of equal shapes.
  public static func + (a: Tensor, b: Tensor) -> Tensor {
    requireEqualShapes(a, b)
    let y = Tensor(like: a)
    a.backend.add(a, b, into: y)
    let (a, b) = (a.variable, b.variable)
    return y.record(from: a, b) { dy, gradients in
      gradients.add(dy, to: a)
      gradients.add(dy, to: b)
    }
  }

  /// a − b, of equal shapes.
  public static func - (a: Tensor, b: Tensor) -> Tensor {
    requireEqualShapes(a, b)
    let y = Tensor(like: a)
    a.backend.subtract(a, b, into: y)
    let (a, b) = (a.variable, b.variable)
    return y.record(from: a, b) { dy, gradients in
      gradients.add(dy, to: a)
      gradients.add((-1 * dy), to: b)
    }
  }

  /// a · b element by element, of equal shapes.
  public static func * (a: Tensor, b: Tensor) -> Tensor {
    requireEqualShapes(a, b)
    let y = Tensor(like: a)
    a.backend.multiply(a, b, into: y)
    return y.record(from: a, b) { dy, gradients in
      gradients.add(dy * b.detached(), to: a)
      gradients.add(dy * a.detached(), to: b)
    }
  }

  public static func * (scale: Double, x: Tensor) -> Tensor { x.apply(.affine(scale: scale, shift: 0)) }
  public static func + (x: Tensor, shift: Double) -> Tensor { x.apply(.affine(scale: 1, shift: shift)) }

  /// x + b with b repeated over the leading axes: the shape of b is the end of the shape of x.
  public func addingSuffix(_ b: Tensor) -> Tensor {
    precondition(
      shape.count >= b.shape.count && Array(shape.suffix(b.shape.count)) == b.shape,
      "\(b.shape) is not the end of \(shape)")
    let y = Tensor(like: self)
    backend.addSuffix(b, to: self, into: y)
    let (x, b) = (variable, b.variable)
    return y.record(from: x, b) { dy, gradients in
      gradients.add(dy, to: x)
      gradients.accumulate(into: b) { $0.backend.columnSums(dy, into: $0, accumulate: $1) }
    }
  }

  /// y[r, c] = x[r, c] + v[r]: one number a row.
  public func addingColumn(_ v: Tensor) -> Tensor {
    precondition(v.count == rowCount, "\(v.shape) for the rows of \(shape)")
    let y = Tensor(like: self)
    backend.addColumn(v, to: self, into: y)
    let (x, v) = (variable, v.variable)
    return y.record(from: x, v) { dy, gradients in
      gradients.add(dy, to: x)
      gradients.add(dy.rowSums(), to: v)
    }
  }

  /// y[r, c] = x[r, c] · v[r]: one factor a row.
  public func scalingRows(by v: Tensor) -> Tensor {
    precondition(v.count == rowCount, "\(v.shape) for the rows of \(shape)")
    let x = self
    let y = Tensor(like: x)
    backend.scaleRows(of: x, by: v, into: y)
    return y.record(from: x, v) { dy, gradients in
      gradients.add(dy.scalingRows(by: v.detached()), to: x)
      gradients.accumulate(into: v) { target, accumulate in
        let dots = Tensor(like: v)
        v.backend.rowDots(dy, x, into: dots)
        accumulate ? v.backend.addScaled(dots, by: 1, to: target) : v.backend.copy(dots, into: target)
      }
    }
  }

  package static func requireEqualShapes(_ a: Tensor, _ b: Tensor, _ name: StaticString = #function) {
    precondition(a.shape == b.shape && a.dtype == b.dtype, "\(name) of \(a) and \(b)")
  }
}
