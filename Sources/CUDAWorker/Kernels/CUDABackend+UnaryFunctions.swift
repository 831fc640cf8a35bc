import TensorCore

extension UnaryFunction {
  /// The name of the kernels of this function, and its two constants.
  fileprivate var kernel: (name: String, a: Double, b: Double) {
    switch self {
    case .relu: ("relu", 0, 0)
    case .leakyReLU(let slope): ("leaky_relu", slope, 0)
    case .quickGELU: ("quick_gelu", 0, 0)
    case .gelu: ("gelu", 0, 0)
    case .sigmoid: ("sigmoid", 0, 0)
    case .exp: ("exp", 0, 0)
    case .log: ("log", 0, 0)
    case .squareRoot: ("square_root", 0, 0)
    case .reciprocal: ("reciprocal", 0, 0)
    case .atLeast(let bound): ("at_least", bound, 0)
    case .affine(let scale, let shift): ("affine", scale, shift)
    }
  }

  /// Whether the kernel of the derivative reads y = f(x) rather than x.
  fileprivate var derivativeIsOfValue: Bool {
    switch self {
    case .relu, .leakyReLU, .quickGELU, .gelu, .log, .atLeast, .affine: false
    case .sigmoid, .exp, .squareRoot, .reciprocal: true
    }
  }
}

extension CUDABackend {
  public func apply(_ function: UnaryFunction, to x: Tensor, into result: Tensor) {
    precondition(x.dtype == result.dtype, "a function of \(x) into \(result)")
    let (name, a, b) = function.kernel
    let operands: [KernelArgument] = [.tensor(x), .tensor(result)]
    if case .quickGELU = function {
      launch("\(name)_\(x.dtype.suffix)", over: [x, result], reads: 1, operands)
    } else {
      launch(
        "\(name)_\(x.dtype.floatSuffix)", over: [x, result], reads: 1,
        operands + [.number(a, of: x.dtype), .number(b, of: x.dtype)])
    }
  }

  public func applyDerivative(
    of function: UnaryFunction, at x: Tensor, y: Tensor, to dy: Tensor, into result: Tensor
  ) {
    // −0 is what changes no number when it is added, of zeros of either sign neither.
    if case .affine(let scale, _) = function { return apply(.affine(scale: scale, shift: -0.0), to: dy, into: result) }
    let operand = function.derivativeIsOfValue ? y : x
    precondition(operand.dtype == dy.dtype && dy.dtype == result.dtype, "\(operand), \(dy) into \(result)")
    let (name, a, _) = function.kernel
    let operands: [KernelArgument] = [.tensor(operand), .tensor(dy), .tensor(result)]
    if case .quickGELU = function {
      launch("\(name)_derivative_\(dy.dtype.suffix)", over: [operand, dy, result], reads: 2, operands)
    } else {
      launch(
        "\(name)_derivative_\(dy.dtype.floatSuffix)", over: [operand, dy, result], reads: 2,
        operands + [.number(a, of: dy.dtype)])
    }
  }

  public func quickGELUBackward(_ x: Tensor, dy: Tensor, into y: Tensor, dx: Tensor) {
    precondition(
      x.dtype == dy.dtype && x.dtype == y.dtype && x.dtype == dx.dtype, "QuickGELU of \(x), \(dy), \(y), \(dx)")
    launch(
      "quick_gelu_backward_\(x.dtype.suffix)", over: [x, dy, y, dx], reads: 2,
      [.tensor(x), .tensor(dy), .tensor(y), .tensor(dx)])
  }
}
