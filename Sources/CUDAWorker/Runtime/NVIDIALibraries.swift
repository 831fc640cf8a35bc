import CNVIDIA
import Faults
import Glibc
import Synchronization

/// The libraries of the driver and of the CUDA toolkit that this process has opened.
///
/// None is needed to build or start: each is looked for when it is first wanted, in this order: the folder that
/// `SGMN_CUDA_LIBRARIES` names, and then nowhere else; the loader's own way; the usual folders of drivers;
/// /usr/local/cuda; the site-packages of a Python with NVIDIA's wheels. Sonames of CUDA 13 come before those of CUDA 12,
/// unless the driver is of CUDA 12 and cannot serve them.
public enum NVIDIALibraries {
  enum Library: String, CaseIterable, Sendable { case driver, nvrtc, cublasLt, nccl }

  // The handles as numbers: a pointer may not cross a `Mutex`. They stay open until the process ends.
  private static let opened = Mutex<[Library: UInt]>([:])

  /// An open library, by dlopen. Throws a fault (`remoteUnavailable`, 69) that names what was looked for, and where.
  static func open(_ library: Library) throws -> UnsafeMutableRawPointer {
    // Asked before the lock, for it opens the driver.
    let driverMajor = library.dependsOnDriverVersion ? CUDADriver.majorVersion : nil
    let handle = try opened.withLock { opened in
      if let handle = opened[library] { return handle }
      let search = LibrarySearch(environment: ProcessEnvironment.variables)
      let handle = UInt(bitPattern: try search.open(library, driverMajor: driverMajor))
      opened[library] = handle
      return handle
    }
    return UnsafeMutableRawPointer(bitPattern: handle)!
  }
}

extension NVIDIALibraries.Library {
  /// Whether a library of a newer CUDA than the driver's would load and then refuse to work.
  var dependsOnDriverVersion: Bool { self == .nvrtc || self == .cublasLt }

  /// Names of the file, the preferred one first.
  ///
  /// - Parameter driverMajor: the CUDA version that the driver serves, where there is a driver.
  func sonames(driverMajor: Int?) -> [String] {
    switch self {
    case .driver: ["libcuda.so.1"]
    case .nvrtc: Self.toolkitSonames("libnvrtc", driverMajor)
    case .cublasLt: Self.toolkitSonames("libcublasLt", driverMajor)
    case .nccl: ["libnccl.so.2"]
    }
  }

  private static func toolkitSonames(_ name: String, _ driverMajor: Int?) -> [String] {
    let versions = driverMajor == 12 ? [12, 13] : [13, 12]
    return versions.map { "\(name).so.\($0)" }
  }

  /// What it is for, and how a machine gets it.
  var description: (purpose: String, remedy: String) {
    switch self {
    case .driver:
      ("NVIDIA's driver", "Install the driver, or run with --device cpu")
    case .nvrtc:
      ("the compiler of CUDA kernels", "Install CUDA 12 or 13, or pip install nvidia-cuda-nvrtc")
    case .cublasLt:
      ("matrix products", "Install CUDA 12 or 13, or pip install nvidia-cublas")
    case .nccl:
      ("sums over GPUs", "Install NCCL 2, or pip install nvidia-nccl-cu13, or average through the host")
    }
  }
}
