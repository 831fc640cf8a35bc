import CMPI
import Faults

/// Runs one MPI call and throws what its return code says.
func mpi(_ call: String, _ body: () -> Int32) throws {
  let code = body()
  guard code == MPI_SUCCESS else { throw mpiFault(call, code) }
}

private func mpiFault(_ call: String, _ code: Int32) -> Fault {
  var text = [CChar](repeating: 0, count: 1024)  // MPI_MAX_ERROR_STRING is 256 in Open MPI, 512 elsewhere
  var length: Int32 = 0
  let known = MPI_Error_string(code, &text, &length) == MPI_SUCCESS
  let bytes = text.prefix(max(0, Int(length))).map { UInt8(bitPattern: $0) }
  let reason = known ? String(decoding: bytes, as: UTF8.self) : "error \(code)"
  var errorClass: Int32 = 0
  MPI_Error_class(code, &errorClass)
  let ours: Set<Int32> = [
    MPI_ERR_BUFFER, MPI_ERR_COUNT, MPI_ERR_TYPE, MPI_ERR_TAG, MPI_ERR_COMM, MPI_ERR_RANK, MPI_ERR_ROOT, MPI_ERR_OP,
    MPI_ERR_ARG, MPI_ERR_TRUNCATE,
  ]
  if ours.contains(errorClass) {
    return Fault(
      .internalError, "\(call) failed: \(reason)", remedy: "The ranks disagree on a call: this is a bug to report")
  }
  return Fault(
    .rankLost, "\(call) failed: \(reason)",
    remedy: "Look at the first error of the other ranks and at the network between their machines")
}
