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
  public func fill(_ x: Tensor, with value: Double) {
    shareElements(x.count) { vk_fill(x.dtype.anyCode, x.raw(at: $0), value, $1) }
  }

  public func copy(_ x: Tensor, into result: Tensor) {
    precondition(x.count == result.count && x.dtype == result.dtype, "a copy of \(x) into \(result)")
    shareElements(x.count) { memcpy(result.raw(at: $0), x.raw(at: $0), $1 * x.dtype.byteCount) }
  }

  public func convert(_ x: Tensor, into result: Tensor) {
    shareElements(x.count) { vk_convert(x.dtype.anyCode, x.raw(at: $0), result.dtype.anyCode, result.raw(at: $0), $1) }
  }

  public func addScaled(_ x: Tensor, by a: Double, to y: Tensor) {
    shareElements(x.count) { vk_scaled_add(x.dtype.anyCode, x.raw(at: $0), a, y.dtype.anyCode, y.raw(at: $0), $1) }
  }

  public func add(_ a: Tensor, _ b: Tensor, into result: Tensor) {
    precondition(a.dtype == b.dtype && a.dtype == result.dtype, "\(a) and \(b) into \(result)")
    shareElements(a.count) { vk_add(a.dtype.anyCode, a.raw(at: $0), b.raw(at: $0), result.raw(at: $0), $1) }
  }

  public func subtract(_ a: Tensor, _ b: Tensor, into result: Tensor) {
    precondition(a.dtype == b.dtype && a.dtype == result.dtype, "\(a) and \(b) into \(result)")
    shareElements(a.count) { vk_subtract(a.dtype.code, a.raw(at: $0), b.raw(at: $0), result.raw(at: $0), $1) }
  }

  public func multiply(_ a: Tensor, _ b: Tensor, into result: Tensor) {
    precondition(a.dtype == b.dtype && a.dtype == result.dtype, "\(a) and \(b) into \(result)")
    shareElements(a.count) { vk_multiply(a.dtype.code, a.raw(at: $0), b.raw(at: $0), result.raw(at: $0), $1) }
  }

  public func apply(_ function: UnaryFunction, to x: Tensor, into result: Tensor) {
    let k = function.kernel
    shareElements(x.count) { vk_unary(function.code(of: x), k.kind, k.a, k.b, x.raw(at: $0), result.raw(at: $0), $1) }
  }

  public func applyDerivative(
    of function: UnaryFunction, at x: Tensor, y: Tensor, to dy: Tensor, into result: Tensor
  ) {
    let k = function.kernel
    shareElements(x.count) {
      vk_unary_backward(
        function.code(of: x), k.kind, k.a, k.b, x.raw(at: $0), y.raw(at: $0), dy.raw(at: $0), result.raw(at: $0), $1)
    }
  }

  public func quickGELUBackward(_ x: Tensor, dy: Tensor, into y: Tensor, dx: Tensor) {
    precondition(
      x.dtype == dy.dtype && x.dtype == y.dtype && x.dtype == dx.dtype, "QuickGELU of \(x), \(dy), \(y), \(dx)")
    shareElements(x.count) {
      vk_quick_gelu_backward(x.dtype.anyCode, x.raw(at: $0), dy.raw(at: $0), y.raw(at: $0), dx.raw(at: $0), $1)
    }
  }

  public func addSuffix(_ b: Tensor, to x: Tensor, into result: Tensor) {
    let width = b.count
    shareRows(x.count / max(1, width), width: width) {
      vk_add_suffix(x.dtype.code, x.raw(at: $0 * width), b.raw, result.raw(at: $0 * width), $1, width)
    }
  }

  public func addColumn(_ v: Tensor, to x: Tensor, into result: Tensor) {
    let width = x.columnCount
    shareRows(x.rowCount, width: width) {
      vk_add_column(x.dtype.code, x.raw(at: $0 * width), v.raw(at: $0), result.raw(at: $0 * width), $1, width)
    }
  }

  public func scaleRows(of x: Tensor, by v: Tensor, into result: Tensor) {
    let width = x.columnCount
    shareRows(x.rowCount, width: width) {
      vk_scale_rows(x.dtype.code, x.raw(at: $0 * width), v.raw(at: $0), result.raw(at: $0 * width), $1, width)
    }
  }

  public func maskedFill(_ x: Tensor, where mask: Tensor, with value: Double, into result: Tensor) {
    shareElements(x.count) {
      vk_masked_fill(x.dtype.code, x.raw(at: $0), mask.raw(at: $0), value, result.raw(at: $0), $1)
    }
  }

  public func compareAtLeast(_ x: Tensor, column v: Tensor, into result: Tensor) {
    let width = x.columnCount
    shareRows(x.rowCount, width: width) {
      vk_at_least_column(x.dtype.code, x.raw(at: $0 * width), v.raw(at: $0), result.raw(at: $0 * width), $1, width)
    }
  }
}

extension CPUBackend {
  public func sum(_ x: Tensor, into result: Tensor) {
    fill(result, with: sumOfBlocks(x.count) { vk_sum(x.dtype.code, x.raw(at: $0), $1) })
  }

  public func countPositive(_ x: Tensor, into result: Tensor) {
    fill(result, with: sumOfBlocks(x.count) { vk_count_positive(x.dtype.code, x.raw(at: $0), $1) })
  }

  public func rowSums(_ x: Tensor, into result: Tensor) {
    let width = x.columnCount
    shareRows(x.rowCount, width: width) {
      vk_row_sums(x.dtype.code, x.raw(at: $0 * width), result.raw(at: $0), $1, width)
    }
  }

  public func rowDots(_ a: Tensor, _ b: Tensor, into result: Tensor) {
    let width = a.columnCount
    shareRows(a.rowCount, width: width) {
      vk_row_dots(a.dtype.code, a.raw(at: $0 * width), b.raw(at: $0 * width), result.raw(at: $0), $1, width)
    }
  }

  public func columnSums(_ x: Tensor, into result: Tensor, accumulate: Bool) {
    let columns = max(1, result.count)
    precondition(
      result.dtype == (x.dtype == .bfloat16 ? .float32 : x.dtype), "column sums of \(x) into \(result)")
    sumRowBlocks(x.count / columns, into: [result], accumulate: accumulate) { first, count, sums in
      vk_column_sums(x.dtype.anyCode, x.raw(at: first * columns), sums(0), count, columns, 1)
    }
  }

  public func sumAxis(_ x: Tensor, outer: Int, axis: Int, inner: Int, into result: Tensor) {
    shareRows(outer, width: axis * inner) {
      vk_sum_axis(x.dtype.code, x.raw(at: $0 * axis * inner), result.raw(at: $0 * inner), $1, axis, inner)
    }
  }

  public func sumOfSquares(_ x: Tensor) -> Double {
    sumOfBlocks(x.count) { vk_sum_of_squares(x.dtype.code, x.raw(at: $0), $1) }
  }

  public func allFinite(_ x: Tensor) -> Bool {
    sumOfBlocks(x.count) { vk_all_finite(x.dtype.code, x.raw(at: $0), $1) == 0 ? 1 : 0 } == 0
  }
}

extension CPUBackend {
  public func adamW(
    _ u: AdamWUpdate, weight: Tensor, gradient: Tensor, firstMoment: Tensor, secondMoment: Tensor, operand: Tensor?
  ) {
    precondition(operand.map { $0.dtype == .bfloat16 && $0.count == weight.count } ?? true, "an operand \(operand!)")
    shareElements(weight.count) {
      vk_adamw(
        weight.dtype.code, weight.raw(at: $0), gradient.raw(at: $0), firstMoment.raw(at: $0), secondMoment.raw(at: $0),
        u.gradientScale, u.rate, u.beta1, u.beta2, u.epsilon, u.decay, u.correction1, u.correction2,
        operand?.raw(at: $0), $1)
    }
  }
}

extension CPUBackend {
  public func fillUniform(_ x: Tensor, from stream: RandomStream, low: Double, high: Double) {
    shareElements(x.count) {
      RandomNumbers.uniform(stream, from: $0, low: low, high: high, dtype: x.dtype, into: x.raw(at: $0), count: $1)
    }
  }

  public func fillNormal(_ x: Tensor, from stream: RandomStream, deviation: Double) {
    shareElements(x.count) {
      RandomNumbers.normal(stream, from: $0, deviation: deviation, dtype: x.dtype, into: x.raw(at: $0), count: $1)
    }
  }
}
