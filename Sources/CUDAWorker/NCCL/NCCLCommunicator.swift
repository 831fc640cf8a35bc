import CNVIDIA
import Faults
import Glibc
import Synchronization
import TensorCore
import Threads

/// NCCL's sums over the GPUs of all ranks (https://docs.nvidia.com/deeplearning/nccl/): every rank has a GPU of its own.
///
/// All ranks get the same bits, and the same again in another run over the same GPUs with the same version of NCCL and
/// the same `NCCL_…` variables; other bits than a sum over MPI, whose order is another.
// @unchecked: used by one thread at a time.
package final class NCCLCommunicator: @unchecked Sendable {
  private let library: NCCLLibrary
  /// nil once it has been given back.
  private var handle: ncclComm_t?

  /// "2.27.3". Throws a fault (69) where there is no NCCL.
  package static func version() throws -> String { try NCCLLibrary.opened().version }

  /// 128 bytes, made by one rank and given to all.
  package static func uniqueID() throws -> [UInt8] {
    let library = try NCCLLibrary.opened()
    var bytes = [UInt8](repeating: 0, count: nvidia_nccl_id_byte_count)
    var functions = library.functions
    try library.check("ncclGetUniqueId", nvidia_nccl_unique_id(&functions, &bytes))
    return bytes
  }

  /// Collective; returns when every rank has called it. Where one cannot, the others wait until that rank ends the job.
  package init(backend: CUDABackend, uniqueID: [UInt8], rank: Int, rankCount: Int) throws {
    precondition(uniqueID.count == nvidia_nccl_id_byte_count, "an id of \(uniqueID.count) bytes")
    library = try NCCLLibrary.opened()
    backend.device.makeCurrent()
    var functions = library.functions
    try library.check(
      "ncclCommInitRank", nvidia_nccl_init_rank(&functions, &handle, Int32(rankCount), uniqueID, Int32(rank)))
  }

  /// Queues x[i] = Σ over ranks of x[i] for float32 elements on `stream`. Collective.
  func allReduceSum(_ elements: CUdeviceptr, count: Int, on stream: CUDAStream) throws {
    let pointer = UnsafeMutableRawPointer(bitPattern: UInt(elements))
    try library.check(
      "ncclAllReduce",
      library.functions.all_reduce(
        pointer, pointer, count, ncclDataType_t(nvidia_nccl_float32), ncclRedOp_t(nvidia_nccl_sum), handle,
        stream.handle),
      of: handle)
  }

  /// Returns when `event`, behind the last sum, is reached, or throws as `wait(until:)`.
  func wait(for event: CUDAEvent) throws { try wait { event.isReached } }

  /// Throws what NCCL has found by the time of `isReached`, such as a rank whose connections broke: a sum without it would
  /// never end, or end without the numbers of that rank, so all that is under way is given up.
  func wait(until isReached: () -> Bool) throws {
    while true {
      let isOver = isReached()
      var error: ncclResult_t = 0
      try library.check(
        "ncclCommGetAsyncError", library.functions.comm_get_async_error(handle, &error), of: handle)
      guard error == 0 || Int(error) == nvidia_nccl_in_progress else {
        let fault = library.fault("ncclAllReduce", error, of: handle)
        abort()
        throw fault
      }
      if isOver { return }
      usleep(50)
    }
  }

  /// Gives up what is under way, so that nobody waits for a stream that it is on.
  ///
  /// NCCL first tells its kernels to end, and may then wait for threads of its own without end
  /// (github.com/NVIDIA/nccl/issues/1777): it is not waited for longer than `abortSeconds`, for the fault has to be told.
  private func abort() {
    guard let handle else { return }
    self.handle = nil
    let (functions, address) = (library.functions, UInt(bitPattern: handle))
    let hasEnded = AbortEnd()
    let thread = WorkerThread {
      _ = functions.comm_abort(ncclComm_t(bitPattern: address))
      hasEnded.isReached.store(true, ordering: .releasing)
    }
    guard thread != nil else { return }
    for _ in 0..<Int(NCCLCommunicator.abortSeconds * 100) where !hasEnded.isReached.load(ordering: .acquiring) {
      usleep(10_000)
    }
  }

  private static let abortSeconds = 3.0

  private final class AbortEnd: Sendable {
    let isReached = Atomic<Bool>(false)
  }

  /// Ends the communication of an orderly run, after its last sum. Collective. A run that ends with a fault leaves this
  /// to the end of the process: others may still be inside a call.
  package func close() throws {
    guard let handle else { return }
    self.handle = nil
    try library.check("ncclCommDestroy", library.functions.comm_destroy(handle))
  }
}
