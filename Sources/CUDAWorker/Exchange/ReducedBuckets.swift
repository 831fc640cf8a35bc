import CNVIDIA
import TensorCore

/// A gradient array's buckets summed over the ranks where they lie, by NCCL on a stream of its own.
// @unchecked: used by one thread at a time, but for the marks.
package final class ReducedBuckets: @unchecked Sendable {
  private let gradients: Tensor
  private let marks: BucketMarks
  private let communicator: NCCLCommunicator
  private let stream: CUDAStream
  /// Before and behind each sum, by place.
  private let starts: [CUDAEvent]
  private let ends: [CUDAEvent]

  /// Collective, for a first sum: with it NCCL takes the memory of its connections, before tensors have it all.
  ///
  /// - Parameters:
  ///   - gradients: float32.
  ///   - largestCount: elements of the largest bucket.
  package init(
    _ gradients: Tensor, _ marks: BucketMarks, _ communicator: NCCLCommunicator, bucketCount: Int, largestCount: Int
  ) throws {
    let backend = marks.backend
    self.gradients = gradients
    self.marks = marks
    self.communicator = communicator
    stream = CUDAStream(backend, highPriority: true)
    starts = (0..<bucketCount).map { _ in CUDAEvent(backend, measuresTime: true) }
    ends = (0..<bucketCount).map { _ in CUDAEvent(backend, measuresTime: true) }
    try connect(largestCount)
  }

  /// Sums `count` numbers that do not matter, on the stream whose memory they lie in.
  private func connect(_ count: Int) throws {
    guard count > 0 else { return }
    let backend = marks.backend
    let numbers = backend.scratch(byteCount: 4 * count)
    let isOver = CUDAEvent(backend)
    try backend.throwIfFailed()
    try communicator.allReduceSum(numbers.pointer, count: count, on: backend.stream)
    isOver.record(on: backend.stream)
    try communicator.wait(for: isOver)
    try backend.throwIfFailed()
  }

  /// Queues the sum of the bucket at `place`.
  package func reduce(_ place: Int, _ elements: Range<Int>) throws {
    try marks.backend.throwIfFailed()
    stream.wait(for: marks[place])
    starts[place].record(on: stream)
    try communicator.allReduceSum(
      gradients.device + CUdeviceptr(4 * elements.lowerBound), count: elements.count, on: stream)
    ends[place].record(on: stream)
  }

  /// What is queued from now on finds the sums. Returns the seconds from the end of the backward pass to the last sum, in
  /// which the GPU could not compute. On the thread that queues kernels, after the last bucket.
  package func finish() throws -> Double {
    guard let last = ends.last else { return 0 }
    try communicator.wait(for: last)
    marks.backend.stream.wait(for: last)
    // The pass may end later than the last sum: it has more to compute than gradients.
    marks.end.synchronize()
    try marks.backend.throwIfFailed()
    return max(0, last.milliseconds(since: marks.end) / 1e3)
  }

  /// When each sum began and ended, by place, in seconds before the end of the last: after `finish()`.
  package func times() -> [(start: Double, end: Double)] {
    guard let last = ends.last else { return [] }
    return zip(starts, ends).map { (last.milliseconds(since: $0) / 1e3, last.milliseconds(since: $1) / 1e3) }
  }

  /// Ends the communication of an orderly run. Collective.
  package func close() throws { try communicator.close() }
}
