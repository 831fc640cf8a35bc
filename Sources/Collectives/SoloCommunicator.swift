import Faults
@preconcurrency import Glibc

/// Rank 0 of 1: every collective call is done at once. For laptops and tests; starts no MPI.
public final class SoloCommunicator: Communicator {
  public let rank = 0
  public let rankCount = 1
  public let localRank = 0
  public let localRankCount = 1

  public init() {}

  public func allReduceSum(_ values: UnsafeMutableBufferPointer<Float>, bucketByteCount: Int) {}
  public func allReduceSum(_ values: UnsafeMutableBufferPointer<Double>, bucketByteCount: Int) {}
  public func allReduceSum(_ value: Int) -> Int { value }
  public func allReduceMax(_ value: Int) -> Int { value }
  public func allReduceMin(_ value: Int) -> Int { value }

  public func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) {
    requireRank(root, of: 1)
  }

  public func broadcast(_ bytes: [UInt8]?, from root: Int) -> [UInt8] {
    requireRank(root, of: 1)
    guard let bytes else { preconditionFailure("broadcast: rank \(root) is the root and must pass the bytes") }
    return bytes
  }

  public func allGather(_ value: UInt64) -> [UInt64] { [value] }
  public func allGather(_ bytes: [UInt8]) -> [[UInt8]] { [bytes] }

  public func allGather(_ bytes: UnsafeRawBufferPointer, into all: UnsafeMutableRawBufferPointer) {
    requireRoom(for: bytes, of: 1, in: all)
    all.copyMemory(from: bytes)
  }

  public func gather(_ bytes: [UInt8], to root: Int) -> [[UInt8]]? {
    requireRank(root, of: 1)
    return [bytes]
  }

  public func allToAll(_ slices: UnsafeRawBufferPointer, into received: UnsafeMutableRawBufferPointer) {
    requireSlices(slices.count, received.count, of: 1)
    received.copyMemory(from: slices)
  }

  public func duplicate() -> any Communicator { SoloCommunicator() }

  public func heartbeatChannel(_ peers: @Sendable (Int) -> [Int]) -> (any HeartbeatChannel)? {
    MemoryHeartbeats().channel(of: 0, peers: [])
  }

  public func barrier() {}
  public func finalize() {}

  public func abort(_ code: ExitCode) -> Never {
    fflush(nil)
    exit(abortStatus(code))
  }
}

/// Traps unless `rank` is one of `count` ranks.
func requireRank(_ rank: Int, of count: Int) {
  precondition(rank >= 0 && rank < count, "there is no rank \(rank) of \(count)")
}

/// Traps unless `all` holds exactly the bytes of `rankCount` ranks.
func requireRoom(for bytes: UnsafeRawBufferPointer, of rankCount: Int, in all: UnsafeMutableRawBufferPointer) {
  precondition(
    all.count == bytes.count * rankCount, "\(all.count) bytes for \(bytes.count) of each of \(rankCount) ranks")
}

/// Traps unless both byte counts are those of `rankCount` equal slices that one MPI call can count.
func requireSlices(_ sentByteCount: Int, _ receivedByteCount: Int, of rankCount: Int) {
  precondition(
    sentByteCount == receivedByteCount && sentByteCount % rankCount == 0
      && sentByteCount / rankCount <= Int(Int32.max),
    "\(sentByteCount) bytes for \(receivedByteCount), in slices for \(rankCount) ranks")
}

/// What a process that gives up reports. Giving up with `done` would look like success (and `MPI_Abort(0)` does end
/// the job with 0), so that mistake is reported as what it is.
func abortStatus(_ code: ExitCode) -> Int32 {
  (1...125).contains(code.rawValue) ? code.rawValue : ExitCode.internalError.rawValue
}
