// Functions of one number; what each computes stands at UnaryFunction.

extension Tensor {
  public func relu() -> Tensor { apply(.relu) }
  public func leakyReLU(slope: Double) -> Tensor { apply(.leakyReLU(slope: slope)) }
  public func quickGELU() -> Tensor { apply(.quickGELU) }
  public func gelu() -> Tensor { apply(.gelu) }
  public func sigmoid() -> Tensor { apply(.sigmoid) }
  public func exp() -> Tensor { apply(.exp) }
  public func log() -> Tensor { apply(.log) }
  public func squareRoot() -> Tensor { apply(.squareRoot) }
  public func reciprocal() -> Tensor { apply(.reciprocal) }
  /// max(x, bound); the gradient passes where x ≥ bound.
  public func atLeast(_ bound: Double) -> Tensor { apply(.atLeast(bound)) }

  /// The same numbers in another format; the gradient comes back in this one.
  public func converted(to dtype: DType) -> Tensor {
    guard dtype != self.dtype else { return self }
    let y = Tensor(uninitialized: shape, dtype: dtype, backend: backend)
    backend.convert(self, into: y)
    let x = variable
    return y.record(from: x) { dy, gradients in gradients.add(dy.converted(to: x.dtype), to: x) }
  }

  /// f(x), with ∂loss/∂x = ∂loss/∂y · f′(x).
  public func apply(_ function: UnaryFunction) -> Tensor {
    let y = Tensor(like: self)
    backend.apply(function, to: self, into: y)
    if case .affine(let scale, _) = function {
      let x = variable
      return y.record(from: x) { dy, gradients in gradients.add(scale * dy, to: x) }
    }
    let (x, value) = (variable, y.detached())
    let input = function.derivativeNeedsInput ? self : value
    return y.record(from: x) { dy, gradients in
      let dx = Tensor(like: x)
      x.backend.applyDerivative(of: function, at: input, y: value, to: dy, into: dx)
      gradients.add(dx, to: x)
    }
  }
}

extension UnaryFunction {
  /// False where f′(x) is a function of f(x), or x > 0 where f(x) > 0 is all that it asks.
  fileprivate var derivativeNeedsInput: Bool {
    switch self {
    case .relu, .sigmoid, .exp, .squareRoot, .reciprocal, .affine: false
    case .leakyReLU(let slope): slope < 0
    case .quickGELU, .gelu, .log, .atLeast: true
    }
  }
}
