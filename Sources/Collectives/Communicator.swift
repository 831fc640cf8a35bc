import Faults

/// The ranks of one run, and what they do together.
///
/// Every method but `abort` is collective: all ranks call the same methods in the same order with agreeing
/// arguments, and a call returns when this rank's part is done. Reductions give bitwise the same result on every
/// rank, and the same again in another run of the same rank count.
///
/// All methods throw a `Fault` that names the failed call. A rank that catches one must not go on with collective
/// calls, and must not call `finalize()`: the others may be waiting for it. It records the fault
/// (`FirstError.record`) and calls `abort(_:)`.
public protocol Communicator: AnyObject, Sendable {
  /// This rank, 0 ..< `rankCount`.
  var rank: Int { get }
  var rankCount: Int { get }
  /// This rank among those on the same machine, 0 ..< `localRankCount`.
  var localRank: Int { get }
  /// The ranks that share this machine's memory.
  var localRankCount: Int { get }

  /// `values[i] = Σ over ranks of values[i]`, in place, in buckets of at most `bucketByteCount` bytes.
  func allReduceSum(_ values: UnsafeMutableBufferPointer<Float>, bucketByteCount: Int) throws
  /// `values[i] = Σ over ranks of values[i]`, in place, in buckets of at most `bucketByteCount` bytes.
  func allReduceSum(_ values: UnsafeMutableBufferPointer<Double>, bucketByteCount: Int) throws
  /// The sum of `value` over the ranks.
  func allReduceSum(_ value: Int) throws -> Int
  /// The greatest `value` of any rank.
  func allReduceMax(_ value: Int) throws -> Int
  /// The least `value` of any rank.
  func allReduceMin(_ value: Int) throws -> Int

  /// Copies the bytes of rank `root` into `bytes` of every other rank; the counts must agree.
  func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) throws
  /// Gives every rank the bytes of rank `root`; what the others pass is not looked at and may be nil.
  func broadcast(_ bytes: [UInt8]?, from root: Int) throws -> [UInt8]

  /// The values of all ranks, in rank order, on every rank.
  func allGather(_ value: UInt64) throws -> [UInt64]
  /// The bytes of all ranks, in rank order, on every rank; the counts may differ.
  func allGather(_ bytes: [UInt8]) throws -> [[UInt8]]
  /// The bytes of all ranks, in rank order, into `all` of every rank; all ranks pass as many.
  func allGather(_ bytes: UnsafeRawBufferPointer, into all: UnsafeMutableRawBufferPointer) throws
  /// The bytes of all ranks, in rank order, on rank `root`; nil on the others.
  func gather(_ bytes: [UInt8], to root: Int) throws -> [[UInt8]]?

  /// Slice r of `slices`, one of `rankCount` equal ones, goes to rank r, and slice r of `received` comes from it. What
  /// a rank sends to itself is copied, too. Every rank passes as many bytes, at most 2³¹ − 1 a slice.
  func allToAll(_ slices: UnsafeRawBufferPointer, into received: UnsafeMutableRawBufferPointer) throws

  /// Returns when every rank has called it.
  func barrier() throws

  /// The same ranks once more, whose calls never meet those of this one: another thread may use it at the same time.
  /// Collective. Its `finalize()` is collective too, and gives back what it takes.
  func duplicate() throws -> any Communicator

  /// A channel for signs of life between this rank and the ranks that `peers` gives it; who names a rank is named by it.
  /// Another thread may use it at the same time. Collective, as its `close()` is. nil where ranks have no such channel.
  func heartbeatChannel(_ peers: @Sendable (Int) -> [Int]) throws -> (any HeartbeatChannel)?

  /// Ends this rank's part of an orderly run, once, after its last collective call. Never on an error path.
  func finalize() throws

  /// Flushes the output and ends all ranks with `code`, from any thread, whatever the others are doing.
  func abort(_ code: ExitCode) -> Never
}

extension Communicator {
  /// Whether this is the rank that speaks for all: rank 0.
  public var isLeader: Bool { rank == 0 }

  /// `values[i] = Σ over ranks of values[i]`, in place, in buckets of `defaultBucketByteCount`.
  public func allReduceSum(_ values: UnsafeMutableBufferPointer<Float>) throws {
    try allReduceSum(values, bucketByteCount: defaultBucketByteCount)
  }

  /// `values[i] = Σ over ranks of values[i]`, in place, in buckets of `defaultBucketByteCount`.
  public func allReduceSum(_ values: UnsafeMutableBufferPointer<Double>) throws {
    try allReduceSum(values, bucketByteCount: defaultBucketByteCount)
  }
}

/// 4 MiB: on one machine buckets of this size stay in its caches, and sum 100 MB two to three times as fast as one
/// call with all of it.
public let defaultBucketByteCount = 4 << 20
