import CMPI
import Faults
@preconcurrency import Glibc
import Synchronization

/// The ranks that `mpirun` or `srun` started, over MPI.
///
/// Made once in a process, by `Ranks.start()`. Collective calls come from one thread at a time; those of a duplicate
/// may come from another one meanwhile, and `abort` from any.
// @unchecked: `world` is MPI's own handle, set once, and MPI runs with MPI_THREAD_MULTIPLE.
public final class MPICommunicator: Communicator, @unchecked Sendable {
  public let rank: Int
  public let rankCount: Int
  public let localRank: Int
  public let localRankCount: Int

  /// MPI's world, or a duplicate of it.
  let world: MPI_Comm?
  /// The most bytes given to one MPI call, whose counts are 32-bit.
  let messageByteLimit: Int
  /// Whether this communicator's part is over.
  private let isFinalized = Atomic(false)
  /// The one that `Ranks.start()` made; nil in itself.
  private let original: MPICommunicator?

  /// Starts MPI.
  ///
  /// - Throws: a `Fault` when MPI cannot start, or lacks what ranks need.
  init(messageByteLimit: Int) throws {
    precondition(messageByteLimit > 0 && messageByteLimit <= Int(Int32.max))
    self.messageByteLimit = messageByteLimit
    world = MPI_COMM_WORLD
    original = nil

    var isInitialized: Int32 = 0
    try mpi("MPI_Initialized") { MPI_Initialized(&isInitialized) }
    precondition(isInitialized == 0, "MPI starts once in a process")

    var provided: Int32 = -1
    let wanted = Int32(MPI_THREAD_MULTIPLE)
    try mpi("MPI_Init_thread") { MPI_Init_thread(nil, nil, wanted, &provided) }
    // MPI's default is to end the process inside the failing call, before anything is recorded.
    try mpi("MPI_Comm_set_errhandler") { MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN) }
    guard provided >= wanted else {
      throw Fault(
        .configuration, "This MPI library gives thread level \(provided), and ranks need MPI_THREAD_MULTIPLE",
        remedy: "Use an MPI library built with thread support, such as Debian's Open MPI")
    }

    (rank, rankCount) = try Self.place(in: MPI_COMM_WORLD)
    var local: MPI_Comm?
    try mpi("MPI_Comm_split_type") {
      MPI_Comm_split_type(MPI_COMM_WORLD, Int32(MPI_COMM_TYPE_SHARED), 0, MPI_INFO_NULL, &local)
    }
    (localRank, localRankCount) = try Self.place(in: local)
    try mpi("MPI_Comm_free") { MPI_Comm_free(&local) }
  }

  /// Another communicator of the same ranks. Failed calls of it return their code, as those of `other` do.
  init(duplicateOf other: MPICommunicator) throws {
    var handle: MPI_Comm?
    try mpi("MPI_Comm_dup") { MPI_Comm_dup(other.world, &handle) }
    world = handle
    original = other.original ?? other
    messageByteLimit = other.messageByteLimit
    (rank, rankCount) = (other.rank, other.rankCount)
    (localRank, localRankCount) = (other.localRank, other.localRankCount)
  }

  public func duplicate() throws -> any Communicator {
    requireRunning()
    return try MPICommunicator(duplicateOf: self)
  }

  private static func place(in communicator: MPI_Comm?) throws -> (rank: Int, count: Int) {
    var rank: Int32 = 0
    var count: Int32 = 0
    try mpi("MPI_Comm_rank") { MPI_Comm_rank(communicator, &rank) }
    try mpi("MPI_Comm_size") { MPI_Comm_size(communicator, &count) }
    return (Int(rank), Int(count))
  }

  public func barrier() throws {
    requireRunning()
    try mpi("MPI_Barrier") { MPI_Barrier(world) }
  }

  public func finalize() throws {
    let (first, _) = isFinalized.compareExchange(expected: false, desired: true, ordering: .sequentiallyConsistent)
    precondition(first, "finalize() is called once")
    guard original != nil else { return try mpi("MPI_Finalize") { MPI_Finalize() } }
    var handle = world
    try mpi("MPI_Comm_free") { MPI_Comm_free(&handle) }
  }

  public func abort(_ code: ExitCode) -> Never {
    fflush(nil)
    let status = abortStatus(code)
    if !(original ?? self).isFinalized.load(ordering: .sequentiallyConsistent) { MPI_Abort(MPI_COMM_WORLD, status) }
    _exit(status)
  }

  func requireRunning() {
    precondition(
      !isFinalized.load(ordering: .relaxed) && original?.isFinalized.load(ordering: .relaxed) != true,
      "a collective call after finalize()")
  }
}
