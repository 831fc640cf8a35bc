import CNVIDIA
import Faults
import Glibc

/// NCCL's functions, once they are wanted.
// @unchecked: written when it is made; the functions may be called from any thread.
struct NCCLLibrary: @unchecked Sendable {
  let functions: nvidia_nccl
  /// 22703 for 2.27.3.
  let versionCode: Int

  /// Throws a fault (69) where the library is missing or too old.
  static func opened() throws -> NCCLLibrary { try shared.get() }

  private static let shared = Result { try NCCLLibrary() }

  private init() throws {
    // Switches that add up (NVLink SHARP) give other bits from call to call (github.com/NVIDIA/nccl/issues/1497); rings
    // and trees add in an order that the machine alone decides. Who sets the variable has the last word.
    setenv("NCCL_NVLS_ENABLE", "0", 0)
    let library = try NVIDIALibraries.open(.nccl)
    var functions = nvidia_nccl()
    if let missing = nvidia_fill_nccl(library, &functions) {
      throw Fault(
        .remoteUnavailable, "libnccl has no function \(String(cString: missing))",
        remedy: "Install NCCL 2.18 or later, or use --transport mpi")
    }
    self.functions = functions
    var code: Int32 = 0
    let result = functions.get_version(&code)
    versionCode = Int(code)
    try check("ncclGetVersion", result)
  }

  /// "2.27.3"
  var version: String { "\(versionCode / 10_000).\(versionCode / 100 % 100).\(versionCode % 100)" }

  /// Throws what a call's result says.
  func check(_ call: String, _ result: ncclResult_t, of communicator: ncclComm_t? = nil) throws {
    guard result == 0 else { throw fault(call, result, of: communicator) }
  }

  /// The meaning of a result that is no success.
  func fault(_ call: String, _ result: ncclResult_t, of communicator: ncclComm_t? = nil) -> Fault {
    let meaning = functions.get_error_string(result).map { String(cString: $0) } ?? "error \(result)"
    let detail = functions.get_last_error(communicator).map { String(cString: $0) } ?? ""
    let what = "\(call) failed: \(meaning)" + (detail.isEmpty ? "" : ": \(detail)")
    switch Int(result) {
    case nvidia_nccl_invalid_argument, nvidia_nccl_invalid_usage:
      return Fault(.internalError, what, remedy: "Use --transport mpi, and report this bug")
    default:
      return Fault(
        .rankLost, what,
        remedy: "Look at the first error of the other ranks; NCCL_DEBUG=INFO tells more, --transport mpi does without")
    }
  }
}
