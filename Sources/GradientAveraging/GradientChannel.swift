import CVectorKernels
import Collectives

/// Sums buckets over the ranks; used by one thread at a time, with a communicator of its own.
final class GradientChannel {
  /// What is known of a bucket when its sum has arrived.
  struct Arrival {
    /// Σ g² of the sums, which are still in the cache.
    var squares = 0.0
    /// Σ of this rank's squared rounding errors; 0 where nothing is rounded.
    var squaredError = 0.0
  }

  let communicator: any Communicator
  let wire: WireFormat
  /// nil where the order is that of MPI.
  private let tree: TreeReduction?
  private let sent: UnsafeMutableBufferPointer<UInt16>
  private let received: UnsafeMutableBufferPointer<UInt16>

  /// - Parameters:
  ///   - order: a fixed one goes with float32 alone: which sums are rounded would depend on the number of ranks.
  ///   - largestCount: elements of the largest bucket.
  init(_ communicator: any Communicator, wire: WireFormat, order: SummationOrder, largestCount: Int) {
    precondition(wire == .float32 || !order.isFixed, "rounded gradients in a fixed order")
    self.communicator = communicator
    tree = order.isFixed ? TreeReduction(communicator, largestCount: largestCount) : nil
    self.wire = communicator.rankCount > 1 ? wire : .float32
    let rankCount = communicator.rankCount
    let count = self.wire == .bfloat16 ? rankCount * sliceElementCount(of: largestCount, over: rankCount) : 0
    sent = .allocate(capacity: count)
    received = .allocate(capacity: count)
    sent.initialize(repeating: 0)
    received.initialize(repeating: 0)
  }

  deinit {
    sent.deallocate()
    received.deallocate()
  }

  /// `bucket[i] = Σ over ranks of bucket[i]`, the same bits on every rank.
  func sum(_ bucket: UnsafeMutableBufferPointer<Float>) throws -> Arrival {
    guard !bucket.isEmpty else { return Arrival() }
    if wire == .bfloat16 { return try sumRounded(bucket) }
    if let tree {
      try tree.sum(bucket)
    } else if communicator.rankCount > 1 {
      try communicator.allReduceSum(bucket, bucketByteCount: 4 * bucket.count)
    }
    return Arrival(squares: vk_sum_of_squares(Int32(VK_FLOAT32), bucket.baseAddress, bucket.count))
  }

  /// Every rank sums one slice of the bucket, in float32 and in the order of the ranks, and gives the rounded sum to all.
  /// So a gradient is rounded at most twice, however many ranks there are; adding up from rank to rank in bfloat16 would
  /// round it at every hop.
  private func sumRounded(_ bucket: UnsafeMutableBufferPointer<Float>) throws -> Arrival {
    let (rankCount, own) = (communicator.rankCount, communicator.rank)
    let slice = sliceElementCount(of: bucket.count, over: rankCount)
    let (values, out, back) = (bucket.baseAddress!, sent.baseAddress!, received.baseAddress!)
    /// The last slices are shorter, or empty.
    func length(_ rank: Int) -> Int { max(0, min(slice, bucket.count - rank * slice)) }
    var arrival = Arrival()
    for rank in 0..<rankCount where rank != own && length(rank) > 0 {
      arrival.squaredError += vk_wire_encode(values + rank * slice, out + rank * slice, length(rank))
    }
    let byteCount = 2 * rankCount * slice
    try communicator.allToAll(
      UnsafeRawBufferPointer(start: out, count: byteCount),
      into: UnsafeMutableRawBufferPointer(start: back, count: byteCount))
    if length(own) > 0 {
      arrival.squaredError += vk_wire_sum(
        values + own * slice, back, slice, rankCount, own, out + own * slice, length(own))
    }
    try communicator.allGather(
      UnsafeRawBufferPointer(start: out + own * slice, count: 2 * slice),
      into: UnsafeMutableRawBufferPointer(start: back, count: byteCount))
    arrival.squares = vk_wire_decode(back, values, bucket.count)
    return arrival
  }
}
