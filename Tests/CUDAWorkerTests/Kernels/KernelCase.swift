import TensorCore
import Testing

@testable import CUDAWorker

/// Numbers for tests: the same for a seed.
struct Samples: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func numbers(_ count: Int, in range: ClosedRange<Double> = -2...2) -> [Double] {
    (0..<count).map { _ in Double.random(in: range, using: &self) }
  }

  mutating func indices(_ count: Int, in range: ClosedRange<Int32>) -> [Int32] {
    (0..<count).map { _ in Int32.random(in: range, using: &self) }
  }
}

/// A tensor on the GPU, and the same numbers in float64 on a CPU.
struct TensorPair {
  let gpu: Tensor
  let cpu: Tensor

  static let reference = CPUBackend()

  /// - Parameter offset: elements before the first one in memory, so that this is not aligned.
  init(_ values: [Double], _ shape: [Int], _ dtype: DType = .float32, offset: Int = 0) {
    let padded = EmulatedGPU.tensor([Double](repeating: .nan, count: offset) + values, dtype: dtype)
    gpu = padded.slice(at: offset, shape: shape)
    cpu = Tensor(gpu.doubles(), shape: shape, dtype: .float64, backend: TensorPair.reference)
  }

  /// To be written: not a number everywhere.
  init(poisoned shape: [Int], _ dtype: DType = .float32, offset: Int = 0) {
    self.init([Double](repeating: .nan, count: shape.reduce(1, *)), shape, dtype, offset: offset)
  }

  var error: Double { relativeError(gpu, cpu) }
}

extension DType {
  /// Greatest relative error of a result in this format.
  var tolerance: Double {
    switch self {
    case .float32: 2e-6
    case .float64: 1e-13
    case .bfloat16: 2.5e-3
    }
  }
}

// Answers rather than arrays in an expectation: to show how long arrays differ takes minutes.

func hasBits(_ x: Tensor, _ bytes: [UInt8]) -> Bool { x.elementBytes == bytes }
func hasSameBits(_ x: Tensor, _ y: Tensor) -> Bool { x.elementBytes == y.elementBytes }
func hasSameNumbers(_ x: Tensor, _ y: Tensor) -> Bool { x.doubles() == y.doubles() }
func hasSameIndices(_ x: IndexTensor, _ y: IndexTensor) -> Bool { x.values() == y.values() }
