import Randomness
import TensorCore
import Testing

/// Inputs of the tests of kernels: numbers rounded to a format, so that every format starts from the same ones.
enum KernelInput {
  /// The reference of every kernel.
  static let cpu = CPUBackend()

  static func normal(_ count: Int, _ dtype: DType, seed: UInt64 = 1) -> [Double] {
    var stream = RandomStream(seed: seed, "kernel input", count)
    return rounded((0..<count).map { _ in stream.normal() }, to: dtype)
  }

  static func uniform(_ range: ClosedRange<Double>, _ count: Int, _ dtype: DType, seed: UInt64 = 1) -> [Double] {
    var stream = RandomStream(seed: seed, "kernel input", count)
    return rounded((0..<count).map { _ in stream.uniform(range.lowerBound, range.upperBound) }, to: dtype)
  }

  static func rounded(_ values: [Double], to dtype: DType) -> [Double] {
    switch dtype {
    case .float64: values
    case .float32: values.map { Double(Float($0)) }
    case .bfloat16: values.map { Double(BFloat16.float(BFloat16.bits(Float($0)))) }
    }
  }

  static func host(_ values: [Double], shape: [Int]? = nil, dtype: DType = .float64) -> Tensor {
    Tensor(values, shape: shape ?? [values.count], dtype: dtype, backend: cpu)
  }

  /// A tensor of the reference that is still to be written.
  static func hostResult(_ shape: [Int], dtype: DType = .float64) -> Tensor {
    Tensor(uninitialized: shape, dtype: dtype, backend: cpu)
  }

  /// What a result in this format may be off, as ‖x − y‖/‖y‖.
  static func tolerance(_ dtype: DType) -> Double {
    switch dtype {
    case .float64: 1e-13
    case .float32: 1e-6
    case .bfloat16: 2.5e-3
    }
  }
}

/// Holds numbers against what they must be exactly; what is no number is alike.
func expectSame(
  _ actual: [Double], _ expected: [Double], _ comment: String = "", sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(actual.count == expected.count, sourceLocation: sourceLocation)
  let isOther = { (i: Int) in actual[i] != expected[i] && !(actual[i].isNaN && expected[i].isNaN) }
  guard actual.count == expected.count, let i = actual.indices.first(where: isOther) else { return }
  Issue.record(
    "element \(i) of \(actual.count) is \(actual[i]), not \(expected[i]) \(comment)", sourceLocation: sourceLocation)
}
