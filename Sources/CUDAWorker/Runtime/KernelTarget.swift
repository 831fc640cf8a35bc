import Faults

/// A kind of GPU to compile for.
struct KernelTarget: Sendable, Equatable {
  /// 90 for compute capability 9.0.
  var capability: Int
  /// As PTX, which the driver turns into code for a newer GPU than NVRTC knows.
  var isPortable = false

  /// `sm_90a`: with what this generation has and its successors lack.
  var name: String {
    if isPortable { return "compute_\(capability)" }
    return capability == 90 ? "sm_90a" : "sm_\(capability)"
  }

  /// One setting each.
  var options: [String] { ["--gpu-architecture=\(name)", "--std=c++17"] }
}

extension KernelTarget {
  /// What to compile for on a GPU of a compute capability, given those that NVRTC knows, ascending.
  ///
  /// - Throws: `Fault(.remoteUnavailable)` where the GPU is older than all of them.
  init(for capability: Int, known: [Int]) throws {
    if known.contains(capability) {
      self.init(capability: capability)
    } else if let older = known.last(where: { $0 < capability }) {
      self.init(capability: older, isPortable: true)
    } else {
      throw Fault(
        .remoteUnavailable,
        "NVRTC knows no GPU as old as one of compute capability \(capability / 10).\(capability % 10)",
        at: "libnvrtc", remedy: "Install the NVRTC of an older CUDA")
    }
  }
}
