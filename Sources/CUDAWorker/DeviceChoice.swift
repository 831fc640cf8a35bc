import Faults

/// What a command is to compute on (`--device`).
public enum DeviceChoice: Sendable, Equatable {
  /// GPUs where driver, libraries and cards are there, else CPUs.
  case auto
  case cpu
  /// A GPU, and nothing else; the one of this number where there is one.
  case cuda(Int?)
}

extension DeviceChoice: RawRepresentable {
  /// `auto`, `cpu`, `cuda` or `cuda:N`.
  public init?(rawValue: String) {
    switch rawValue {
    case "auto": self = .auto
    case "cpu": self = .cpu
    case "cuda": self = .cuda(nil)
    default:
      guard rawValue.hasPrefix("cuda:"), let number = Int(rawValue.dropFirst("cuda:".count)), number >= 0 else {
        return nil
      }
      self = .cuda(number)
    }
  }

  public var rawValue: String {
    switch self {
    case .auto: "auto"
    case .cpu: "cpu"
    case .cuda(nil): "cuda"
    case .cuda(let number?): "cuda:\(number)"
    }
  }
}

extension CUDABackend {
  /// The GPU worker of a rank: on the GPU that was chosen, or on that of its place among its machine's ranks, which go
  /// round where there are fewer GPUs. GPUs are numbered as the driver shows them (`CUDA_VISIBLE_DEVICES`).
  ///
  /// - Parameter log: gets a line where kernels must be compiled.
  /// - Throws: `Fault(.remoteUnavailable)` (69) where driver, library or GPU is missing.
  public convenience init(number: Int?, localRank: Int, log: (String) -> Void = { _ in }) throws {
    let count = try CUDADevice.count()
    guard count > 0 else {
      throw Fault(
        .remoteUnavailable, "The driver shows no GPU", remedy: "Check nvidia-smi and CUDA_VISIBLE_DEVICES")
    }
    try self.init(device: number ?? localRank % count, log: log)
  }
}
