import Foundation
import ProbeJobs
import TensorCore
import Testing

@testable import CUDAWorker

/// A GPU that this process emulates: NVIDIA's libraries as Tests/CUDAEmulator builds them, which run our kernels on the
/// CPU. The worker above them is the product's.
///
/// Tests run side by side, and a backend is used by one thread at a time: a test does its work within `run`.
enum EmulatedGPU {
  /// The libraries, built; the worker of this process uses them from now on.
  static let libraries: String = {
    do { return try EmulatorBuild.run() } catch { fatalError("the emulator is not built: \(error)") }
  }()

  private static let lock = NSRecursiveLock()
  nonisolated(unsafe) private static var current: CUDABackend?

  /// One backend for all tests, and a new one after a failure. Within `run`.
  static var backend: CUDABackend {
    lock.withLock {
      if let current, !current.failures.hasFailed { return current }
      do {
        let backend = try fresh()
        current = backend
        return backend
      } catch { fatalError("the emulated GPU does not start: \(error)") }
    }
  }

  /// A backend of its own, for a test that makes it fail.
  static func fresh() throws -> CUDABackend { try CUDABackend(device()) }

  static func device() throws -> CUDADevice {
    _ = libraries
    return try CUDADevice(ordinal: 0)
  }

  /// Runs the body while no other test uses the GPU, and throws what has failed on it.
  @discardableResult
  static func run<Result>(_ body: (CUDABackend) throws -> Result) throws -> Result {
    lock.lock()
    defer { lock.unlock() }
    let backend = self.backend
    let result = try body(backend)
    backend.synchronize()
    try backend.throwIfFailed()
    return result
  }

  /// While no other test uses the GPU; for tests that make backends of their own.
  static func alone<Result>(_ body: () throws -> Result) rethrows -> Result {
    lock.lock()
    defer { lock.unlock() }
    return try body()
  }

  /// `values` in row-major order, a vector where no shape is given.
  static func tensor<Value: BinaryFloatingPoint>(
    _ values: [Value], shape: [Int]? = nil, dtype: DType = .float32
  ) -> Tensor {
    Tensor(values, shape: shape ?? [values.count], dtype: dtype, backend: backend)
  }

  /// The elements of a tensor of another backend.
  static func tensor(_ x: Tensor) -> Tensor { tensor(x.doubles(), shape: x.shape, dtype: x.dtype) }

  static func indices(_ values: [Int32]) -> IndexTensor { IndexTensor(values, backend: backend) }

  /// A tensor whose elements are not numbers: what a kernel leaves out shows.
  static func poisoned(_ shape: [Int], dtype: DType = .float32) -> Tensor {
    tensor([Double](repeating: .nan, count: shape.reduce(1, *)), shape: shape, dtype: dtype)
  }

  static func poisonedIndices(_ count: Int) -> IndexTensor {
    let indices = IndexTensor(uninitialized: count, backend: backend)
    let poison = [Int32](repeating: .min, count: count)
    poison.withUnsafeBytes { backend.upload($0, to: indices.storage, byteOffset: 0) }
    return indices
  }
}

/// ‖x − y‖ / ‖y‖, where y is the reference; ‖x‖ where that is all zeros. Not a number where an element is none.
func relativeError(_ x: [Double], _ y: [Double]) -> Double {
  precondition(x.count == y.count, "\(x.count) numbers against \(y.count)")
  let difference = zip(x, y).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
  let length = y.reduce(0) { $0 + $1 * $1 }.squareRoot()
  return length == 0 ? difference : difference / length
}

func relativeError(_ x: Tensor, _ y: Tensor) -> Double { relativeError(x.doubles(), y.doubles()) }

extension Tensor {
  /// The bytes of the elements: for results that must be the same, bit for bit.
  var elementBytes: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: byteCount)
    bytes.withUnsafeMutableBytes { backend.download(storage, byteOffset: offset * dtype.byteCount, to: $0) }
    return bytes
  }
}
