import Faults
import TensorCore

extension CUDABackend {
  /// Runs two launches of a kernel whose result is known: a driver, a compiler or a card that does not do what the worker
  /// relies on is found before a training run has begun.
  ///
  /// - Throws: `Fault(.internalError)` where the numbers are others.
  func checkLaunches() throws {
    let count = 100_003
    let x = Tensor([Double](repeating: 5, count: count), shape: [count], dtype: .float64, backend: self)
    let shape = LaunchShape(blocks: 2 * device.multiprocessorCount, threads: 128, sharedByteCount: 128 * 8)
    for (factor, addend) in [(-3, 0.125), (7, 1e9)] as [(Int32, Double)] {
      launch(
        "check_launch", shape, [.tensor(x), .count(count), .int32(factor), .float(0.5), .double(addend)])
    }
    // (5·−3 + 0.0625)·7 + 5·10⁸
    let (found, expected) = (x.doubles(), 499_999_895.4375)
    try throwIfFailed()
    guard let wrong = found.first(where: { $0 != expected }) else { return }
    throw Fault(
      .internalError, "The GPU computes \(wrong) where \(expected) is right",
      at: "GPU \(device.ordinal), \(device.name)",
      remedy: "Check nvidia-smi -q for ECC errors and the versions of driver (CUDA "
        + "\(CUDADriver.text(device.driver.version))) and NVRTC (\(kernels.compiler.version))")
  }
}
