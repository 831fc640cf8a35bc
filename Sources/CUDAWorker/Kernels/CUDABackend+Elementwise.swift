import CNVIDIA
import TensorCore

extension CUDABackend {
  public func fill(_ x: Tensor, with value: Double) {
    launch("fill_\(x.dtype.suffix)", over: [x], reads: 1, [.tensor(x), .number(value, of: x.dtype)])
  }

  public func copy(_ x: Tensor, into result: Tensor) {
    precondition(x.dtype == result.dtype, "a copy of \(x) into \(result)")
    launch("copy_\(x.dtype.suffix)", over: [x, result], reads: 1, [.tensor(x), .tensor(result)])
  }

  public func convert(_ x: Tensor, into result: Tensor) {
    if x.dtype == result.dtype { return copy(x, into: result) }
    launch(
      "convert_\(x.dtype.suffix)_\(result.dtype.suffix)", over: [x, result], reads: 1, [.tensor(x), .tensor(result)])
  }

  public func addScaled(_ x: Tensor, by a: Double, to y: Tensor) {
    // What the sum runs in: float64 where it would lose digits of x or y that the result has room for.
    let number = y.dtype == .float64 || x.dtype == .float64 && y.dtype == .float32 ? DType.float64 : .float32
    launch(
      "add_scaled_\(x.dtype.suffix)_\(y.dtype.suffix)", over: [x, y], reads: 2,
      [.tensor(x), .number(a, of: number), .tensor(y)])
  }

  public func add(_ a: Tensor, _ b: Tensor, into result: Tensor) {
    combine("add_\(a.dtype.suffix)", a, b, into: result)
  }

  public func subtract(_ a: Tensor, _ b: Tensor, into result: Tensor) {
    combine("subtract_\(a.dtype.floatSuffix)", a, b, into: result)
  }

  public func multiply(_ a: Tensor, _ b: Tensor, into result: Tensor) {
    combine("multiply_\(a.dtype.floatSuffix)", a, b, into: result)
  }

  private func combine(_ kernel: String, _ a: Tensor, _ b: Tensor, into result: Tensor) {
    precondition(a.dtype == b.dtype && a.dtype == result.dtype, "\(a) and \(b) into \(result)")
    launch(kernel, over: [a, b, result], reads: 2, [.tensor(a), .tensor(b), .tensor(result)])
  }

  public func maskedFill(_ x: Tensor, where mask: Tensor, with value: Double, into result: Tensor) {
    precondition(x.dtype == mask.dtype && x.dtype == result.dtype, "\(x) where \(mask) into \(result)")
    launch(
      "masked_fill_\(x.dtype.floatSuffix)", over: [x, mask, result], reads: 2,
      [.tensor(x), .tensor(mask), .number(value, of: x.dtype), .tensor(result)])
  }
}
