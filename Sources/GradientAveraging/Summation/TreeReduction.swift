import Collectives

/// Sums buckets over the ranks in the order of a binary tree, in float32; used by one thread at a time.
///
/// Every rank gets one slice of the bucket from all, adds them up, and gives the sums to all. So a rank sends and gets as
/// many bytes as in a ring.
final class TreeReduction {
  private let communicator: any Communicator
  /// What is sent where a bucket is not cut into equal slices, and this rank's sums.
  private let sent: UnsafeMutableBufferPointer<Float>
  private let received: UnsafeMutableBufferPointer<Float>

  /// - Parameter largestCount: elements of the largest bucket.
  init(_ communicator: any Communicator, largestCount: Int) {
    let rankCount = communicator.rankCount
    precondition(isPowerOfTwo(rankCount), "a binary tree of \(rankCount) ranks")
    self.communicator = communicator
    let count = rankCount > 1 ? rankCount * sliceElementCount(of: largestCount, over: rankCount) : 0
    sent = .allocate(capacity: count)
    received = .allocate(capacity: count)
    sent.initialize(repeating: 0)
    received.initialize(repeating: 0)
  }

  deinit {
    sent.deallocate()
    received.deallocate()
  }

  /// `bucket[i] = ((rank 0's + rank 1's) + (rank 2's + rank 3's)) + …`, the same bits on every rank.
  func sum(_ bucket: UnsafeMutableBufferPointer<Float>) throws {
    let rankCount = communicator.rankCount
    guard rankCount > 1 else { return }
    let slice = sliceElementCount(of: bucket.count, over: rankCount)
    let byteCount = 4 * rankCount * slice
    let (values, out, back) = (bucket.baseAddress!, sent.baseAddress!, received.baseAddress!)
    // Slices of a whole bucket travel from and to where they lie. The last ones of another are shorter, or empty.
    let isWhole = bucket.count == rankCount * slice
    if !isWhole {
      out.update(from: values, count: bucket.count)
      (out + bucket.count).update(repeating: 0, count: rankCount * slice - bucket.count)
    }
    try communicator.allToAll(
      UnsafeRawBufferPointer(start: isWhole ? values : out, count: byteCount),
      into: UnsafeMutableRawBufferPointer(start: back, count: byteCount))
    TreeSum.add(back, stride: slice, partCount: rankCount, length: slice, into: out)
    try communicator.allGather(
      UnsafeRawBufferPointer(start: out, count: 4 * slice),
      into: UnsafeMutableRawBufferPointer(start: isWhole ? values : back, count: byteCount))
    if !isWhole { values.update(from: back, count: bucket.count) }
  }
}

/// Elements of a bucket that one rank sums: whole cache lines.
func sliceElementCount(of count: Int, over rankCount: Int) -> Int {
  ((count + rankCount - 1) / rankCount + 31) / 32 * 32
}
