extension ProfilingBackend {
  public func fill(_ x: Tensor, with value: Double) {
    measure(.fill, x) { base.fill(x, with: value) }
  }

  public func copy(_ x: Tensor, into result: Tensor) {
    measure(.copy, result, over: x) { base.copy(x, into: result) }
  }

  public func convert(_ x: Tensor, into result: Tensor) {
    measure(.convert, result, over: x) { base.convert(x, into: result) }
  }

  public func addScaled(_ x: Tensor, by a: Double, to y: Tensor) {
    measure(.addScaled, y, over: y, x) { base.addScaled(x, by: a, to: y) }
  }

  public func add(_ a: Tensor, _ b: Tensor, into result: Tensor) {
    measure(.add, result, over: a, b) { base.add(a, b, into: result) }
  }

  public func subtract(_ a: Tensor, _ b: Tensor, into result: Tensor) {
    measure(.subtract, result, over: a, b) { base.subtract(a, b, into: result) }
  }

  public func multiply(_ a: Tensor, _ b: Tensor, into result: Tensor) {
    measure(.multiply, result, over: a, b) { base.multiply(a, b, into: result) }
  }

  public func apply(_ function: UnaryFunction, to x: Tensor, into result: Tensor) {
    measure(.apply, result, over: x) { base.apply(function, to: x, into: result) }
  }

  public func applyDerivative(of function: UnaryFunction, at x: Tensor, y: Tensor, to dy: Tensor, into result: Tensor) {
    measure(.applyDerivative, result, over: x, y, dy) {
      base.applyDerivative(of: function, at: x, y: y, to: dy, into: result)
    }
  }

  public func quickGELUBackward(_ x: Tensor, dy: Tensor, into y: Tensor, dx: Tensor) {
    measure(.quickGELUBackward, y, over: x, dy, dx) { base.quickGELUBackward(x, dy: dy, into: y, dx: dx) }
  }

  public func addSuffix(_ b: Tensor, to x: Tensor, into result: Tensor) {
    measure(.addSuffix, result, over: b, x) { base.addSuffix(b, to: x, into: result) }
  }

  public func addColumn(_ v: Tensor, to x: Tensor, into result: Tensor) {
    measure(.addColumn, result, over: v, x) { base.addColumn(v, to: x, into: result) }
  }

  public func scaleRows(of x: Tensor, by v: Tensor, into result: Tensor) {
    measure(.scaleRows, result, over: v, x) { base.scaleRows(of: x, by: v, into: result) }
  }

  public func maskedFill(_ x: Tensor, where mask: Tensor, with value: Double, into result: Tensor) {
    measure(.maskedFill, result, over: x, mask) { base.maskedFill(x, where: mask, with: value, into: result) }
  }

  public func compareAtLeast(_ x: Tensor, column v: Tensor, into result: Tensor) {
    measure(.compareAtLeast, result, over: x, v) { base.compareAtLeast(x, column: v, into: result) }
  }
}

extension ProfilingBackend {
  public func sum(_ x: Tensor, into result: Tensor) {
    measure(.sum, x, over: result) { base.sum(x, into: result) }
  }

  public func countPositive(_ x: Tensor, into result: Tensor) {
    measure(.countPositive, x, over: result) { base.countPositive(x, into: result) }
  }

  public func rowSums(_ x: Tensor, into result: Tensor) {
    measure(.rowSums, x, over: result) { base.rowSums(x, into: result) }
  }

  public func rowDots(_ a: Tensor, _ b: Tensor, into result: Tensor) {
    measure(.rowDots, a, over: b, result) { base.rowDots(a, b, into: result) }
  }

  public func columnSums(_ x: Tensor, into result: Tensor, accumulate: Bool) {
    measure(.columnSums, x, over: result) { base.columnSums(x, into: result, accumulate: accumulate) }
  }

  public func sumAxis(_ x: Tensor, outer: Int, axis: Int, inner: Int, into result: Tensor) {
    measure(.sumAxis, x, over: result) { base.sumAxis(x, outer: outer, axis: axis, inner: inner, into: result) }
  }

  public func sumOfSquares(_ x: Tensor) -> Double {
    measure(.sumOfSquares, x) { base.sumOfSquares(x) }
  }

  public func allFinite(_ x: Tensor) -> Bool {
    measure(.allFinite, x) { base.allFinite(x) }
  }
}
