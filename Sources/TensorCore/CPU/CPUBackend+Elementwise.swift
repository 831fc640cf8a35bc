import CVectorKernels
import Glibc
import Randomness

extension UnaryFunction {
  /// The kernel's number of this function and its two constants.
  fileprivate var kernel: (kind: Int32, a: Double, b: Double) {
    switch self {
    case .relu: (Int32(VK_RELU), 0, 0)
    case .leakyReLU(let slope): (Int32(VK_LEAKY_RELU), slope, 0)
    case .quickGELU: (Int32(VK_QUICK_GELU), 0, 0)
    case .gelu: (Int32(VK_GELU), 0, 0)
    case .sigmoid: (Int32(VK_SIGMOID), 0, 0)
    case .exp: (Int32(VK_EXP), 0, 0)
    case .log: (Int32(VK_LOG), 0, 0)
    case .squareRoot: (Int32(VK_SQRT), 0, 0)
    case .reciprocal: (Int32(VK_RECIPROCAL), 0, 0)
    case .atLeast(let bound): (Int32(VK_CLAMP_MIN), bound, 0)
    case .affine(let scale, let shift): (Int32(VK_AFFINE), scale, shift)
    }
  }

  /// QuickGELU alone has a kernel for bfloat16.
  fileprivate func code(of x: Tensor) -> Int32 {
    if case .quickGELU = self { x.dtype.anyCode } else { x.dtype.code }
  }
}

extension CPUBackend {
  public func fill(_ x: Tensor, with value: Double) { vk_fill(x.dtype.anyCode, x.raw, value, x.count) }

  public func copy(_ x: Tensor, into result: Tensor) {
    precondition(x.count == result.count && x.dtype == result.dtype, "a copy of \(x) into \(result)")
    memcpy(result.raw, x.raw, x.byteCount)
  }

  public func convert(_ x: Tensor, into result: Tensor) {
    vk_convert(x.dtype.anyCode, x.raw, result.dtype.anyCode, result.raw, x.count)
  }

  public func addScaled(_ x: Tensor, by a: Double, to y: Tensor) {
    vk_scaled_add(x.dtype.anyCode, x.raw, a, y.dtype.anyCode, y.raw, x.count)
  }

  public func add(_ a: Tensor, _ b: Tensor, into result: Tensor) {
    vk_add(a.dtype.anyCode, a.raw, b.raw, result.raw, a.count)
  }

  public func subtract(_ a: Tensor, _ b: Tensor, into result: Tensor) {
    vk_subtract(a.dtype.code, a.raw, b.raw, result.raw, a.count)
  }

  public func multiply(_ a: Tensor, _ b: Tensor, into result: Tensor) {
    vk_multiply(a.dtype.code, a.raw, b.raw, result.raw, a.count)
  }

  public func apply(_ function: UnaryFunction, to x: Tensor, into result: Tensor) {
    let k = function.kernel
    vk_unary(function.code(of: x), k.kind, k.a, k.b, x.raw, result.raw, x.count)
  }

  public func applyDerivative(
    of function: UnaryFunction, at x: Tensor, y: Tensor, to dy: Tensor, into result: Tensor
  ) {
    let k = function.kernel
    vk_unary_backward(function.code(of: x), k.kind, k.a, k.b, x.raw, y.raw, dy.raw, result.raw, x.count)
  }

  public func quickGELUBackward(_ x: Tensor, dy: Tensor, into y: Tensor, dx: Tensor) {
    precondition(
      x.dtype == dy.dtype && x.dtype == y.dtype && x.dtype == dx.dtype, "QuickGELU of \(x), \(dy), \(y), \(dx)")
    vk_quick_gelu_backward(x.dtype.anyCode, x.raw, dy.raw, y.raw, dx.raw, x.count)
  }

  public func addSuffix(_ b: Tensor, to x: Tensor, into result: Tensor) {
    vk_add_suffix(x.dtype.code, x.raw, b.raw, result.raw, x.count / max(1, b.count), b.count)
  }

  public func addColumn(_ v: Tensor, to x: Tensor, into result: Tensor) {
    vk_add_column(x.dtype.code, x.raw, v.raw, result.raw, x.rowCount, x.columnCount)
  }

  public func scaleRows(of x: Tensor, by v: Tensor, into result: Tensor) {
    vk_scale_rows(x.dtype.code, x.raw, v.raw, result.raw, x.rowCount, x.columnCount)
  }

  public func maskedFill(_ x: Tensor, where mask: Tensor, with value: Double, into result: Tensor) {
    vk_masked_fill(x.dtype.code, x.raw, mask.raw, value, result.raw, x.count)
  }

  public func compareAtLeast(_ x: Tensor, column v: Tensor, into result: Tensor) {
    vk_at_least_column(x.dtype.code, x.raw, v.raw, result.raw, x.rowCount, x.columnCount)
  }
}

extension CPUBackend {
  public func sum(_ x: Tensor, into result: Tensor) { fill(result, with: vk_sum(x.dtype.code, x.raw, x.count)) }

  public func countPositive(_ x: Tensor, into result: Tensor) {
    fill(result, with: vk_count_positive(x.dtype.code, x.raw, x.count))
  }

  public func rowSums(_ x: Tensor, into result: Tensor) {
    vk_row_sums(x.dtype.code, x.raw, result.raw, x.rowCount, x.columnCount)
  }

  public func rowDots(_ a: Tensor, _ b: Tensor, into result: Tensor) {
    vk_row_dots(a.dtype.code, a.raw, b.raw, result.raw, a.rowCount, a.columnCount)
  }

  public func columnSums(_ x: Tensor, into result: Tensor, accumulate: Bool) {
    let columns = max(1, result.count)
    precondition(
      result.dtype == (x.dtype == .bfloat16 ? .float32 : x.dtype), "column sums of \(x) into \(result)")
    vk_column_sums(x.dtype.anyCode, x.raw, result.raw, x.count / columns, columns, accumulate ? 1 : 0)
  }

  public func sumAxis(_ x: Tensor, outer: Int, axis: Int, inner: Int, into result: Tensor) {
    vk_sum_axis(x.dtype.code, x.raw, result.raw, outer, axis, inner)
  }

  public func sumOfSquares(_ x: Tensor) -> Double { vk_sum_of_squares(x.dtype.code, x.raw, x.count) }

  public func allFinite(_ x: Tensor) -> Bool { vk_all_finite(x.dtype.code, x.raw, x.count) != 0 }
}

extension CPUBackend {
  public func adamW(
    _ u: AdamWUpdate, weight: Tensor, gradient: Tensor, firstMoment: Tensor, secondMoment: Tensor, operand: Tensor?,
    clearsGradient: Bool
  ) {
    precondition(operand.map { $0.dtype == .bfloat16 && $0.count == weight.count } ?? true, "an operand \(operand!)")
    vk_adamw(
      weight.dtype.code, weight.raw, gradient.raw, firstMoment.raw, secondMoment.raw, u.gradientScale, u.rate, u.beta1,
      u.beta2, u.epsilon, u.decay, u.correction1, u.correction2, operand?.raw, clearsGradient ? 1 : 0,
      weight.count)
  }
}

extension CPUBackend {
  public func fillUniform(_ x: Tensor, from stream: RandomStream, low: Double, high: Double) {
    vk_random_uniform(x.dtype.code, stream.key, stream.identity, low, high, x.raw, x.count)
  }

  public func fillNormal(_ x: Tensor, from stream: RandomStream, deviation: Double) {
    vk_random_normal(x.dtype.code, stream.key, stream.identity, deviation, x.raw, x.count)
  }
}
