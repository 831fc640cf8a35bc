import Randomness
import TensorCore

/// Makes the operands of a kernel: on a GPU in the kernel's own formats, on the reference the same numbers in float64.
struct Workbench {
  let backend: any Backend
  /// Whether every tensor is float64, whatever format the kernel has.
  let isReference: Bool
  private var stream: RandomStream
  /// Numbers that large inputs repeat: for clocks alone, the values hardly matter, but zeros would make products faster.
  private let repeatedCount = 1 << 20

  init(_ backend: any Backend, isReference: Bool, seed: UInt64) {
    (self.backend, self.isReference) = (backend, isReference)
    stream = RandomStream(seed: seed, "gpu-check")
  }

  /// Uniform numbers in low..<high, rounded to `format`.
  mutating func input(_ shape: [Int], _ format: DType, low: Double = -1, high: Double = 1) -> Tensor {
    let count = shape.reduce(1, *)
    let values = (0..<min(count, repeatedCount)).map { _ in
      rounded(low + (high - low) * stream.uniform(), to: format)
    }
    let tensor = Tensor(uninitialized: shape, dtype: isReference ? .float64 : format, backend: backend)
    tensor.slice(at: 0, shape: [values.count]).set(values)
    // What is there is copied behind itself: nothing more comes from the host.
    var filled = values.count
    while filled < count {
      let more = min(filled, count - filled)
      backend.copy(tensor.slice(at: 0, shape: [more]), into: tensor.slice(at: filled, shape: [more]))
      filled += more
    }
    return tensor
  }

  /// Whole numbers in 0..<limit.
  mutating func numbers(_ count: Int, below limit: Int) -> [Int32] {
    (0..<count).map { _ in Int32(Double(limit) * stream.uniform()) }
  }

  mutating func bytes(_ count: Int) -> [UInt8] {
    let pattern = (0..<min(count, 65_521)).map { _ in UInt8(256 * stream.uniform()) }
    return (0..<count).map { pattern[$0 % pattern.count] }
  }

  /// A tensor that a kernel shall write: NaN wherever it does not.
  func output(_ shape: [Int], _ format: DType) -> Tensor { filled(shape, format, with: .nan) }

  /// A tensor that a kernel adds to.
  func zeros(_ shape: [Int], _ format: DType) -> Tensor { filled(shape, format, with: 0) }

  private func filled(_ shape: [Int], _ format: DType, with value: Double) -> Tensor {
    let tensor = Tensor(uninitialized: shape, dtype: isReference ? .float64 : format, backend: backend)
    backend.fill(tensor, with: value)
    return tensor
  }

  private func rounded(_ value: Double, to format: DType) -> Double {
    switch format {
    case .float64: value
    case .float32: Double(Float(value))
    case .bfloat16: Double(BFloat16.float(BFloat16.bits(Float(value))))
    }
  }
}
