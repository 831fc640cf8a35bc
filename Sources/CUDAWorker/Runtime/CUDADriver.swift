import CNVIDIA
import Faults
import Synchronization

/// The driver's functions, ready for use.
// @unchecked: written in the initialiser alone. There is one as long as the process lives.
final class CUDADriver: @unchecked Sendable {
  /// The oldest version whose functions are called: 12.0.
  static let oldestVersion = 12_000

  private static let cached = Mutex<CUDADriver?>(nil)

  let functions: UnsafePointer<nvidia_driver>
  /// 12080 for a driver that serves CUDA 12.8 and what came before.
  let version: Int

  /// The driver of this process, opened and initialised once.
  ///
  /// - Throws: `Fault(.remoteUnavailable)` where there is none, or one too old, or no GPU.
  static func shared() throws -> CUDADriver {
    try cached.withLock { cached in
      if let cached { return cached }
      let driver = try CUDADriver(NVIDIALibraries.open(.driver))
      cached = driver
      return driver
    }
  }

  /// The CUDA version that the driver serves, where there is a driver.
  static var majorVersion: Int? { (try? shared()).map { $0.version / 1000 } }

  init(_ library: UnsafeMutableRawPointer) throws {
    var table = nvidia_driver()
    if let missing = nvidia_fill_driver(library, &table) {
      throw Fault(
        .remoteUnavailable, "NVIDIA's driver lacks the function \(String(cString: missing))", at: "libcuda.so.1",
        remedy: "Install a driver for CUDA 12.0 or newer (525 or newer), or run with --device cpu")
    }
    let stored = UnsafeMutablePointer<nvidia_driver>.allocate(capacity: 1)
    stored.initialize(to: table)
    functions = UnsafePointer(stored)
    var version: Int32 = 0
    guard table.driver_version(&version) == 0 else {
      throw Fault(
        .remoteUnavailable, "NVIDIA's driver does not tell its version", at: "libcuda.so.1: cuDriverGetVersion")
    }
    self.version = Int(version)
    guard version >= CUDADriver.oldestVersion else {
      throw Fault(
        .remoteUnavailable, "NVIDIA's driver serves CUDA \(CUDADriver.text(self.version)), older than 12.0",
        at: "libcuda.so.1", remedy: "Install driver 525 or newer, or run with --device cpu")
    }
    let result = table.`init`(0)
    guard result == 0 else {
      throw Fault(
        .remoteUnavailable, "NVIDIA's driver does not start: \(describe(result))", at: "libcuda.so.1: cuInit",
        remedy: "Check that nvidia-smi shows a GPU to this user and container, or run with --device cpu")
    }
  }

  /// `CUDA_ERROR_OUT_OF_MEMORY: out of memory`
  func describe(_ result: CUresult) -> String {
    var name: UnsafePointer<CChar>?
    var text: UnsafePointer<CChar>?
    guard functions.pointee.error_name(result, &name) == 0, let name else { return "CUDA error \(result)" }
    guard functions.pointee.error_string(result, &text) == 0, let text else { return String(cString: name) }
    return "\(String(cString: name)): \(String(cString: text))"
  }

  /// `12.8`
  static func text(_ version: Int) -> String { "\(version / 1000).\(version % 1000 / 10)" }
}
