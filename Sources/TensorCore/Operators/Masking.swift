// Masks are tensors of 0 and 1 in the format of what they mask.

extension Tensor {
  /// `value` where mask is 1, self elsewhere; no gradient passes where it is 1.
  public func filled(where mask: Tensor, with value: Double) -> Tensor {
    Tensor.requireEqualShapes(self, mask)
    let x = variable
    let y = Tensor(like: x)
    backend.maskedFill(self, where: mask, with: value, into: y)
    return y.record(from: x) { dy, gradients in
      let dx = Tensor(like: x)
      x.backend.maskedFill(dy, where: mask, with: 0, into: dx)
      gradients.add(dx, to: x)
    }
  }

  /// 1 where x[r, c] ≥ v[r], else 0, without gradient.
  public func isAtLeast(column v: Tensor) -> Tensor {
    precondition(v.count == rowCount, "\(v.shape) for the rows of \(shape)")
    let y = Tensor(like: self)
    backend.compareAtLeast(self, column: v, into: y)
    return y
  }
}
