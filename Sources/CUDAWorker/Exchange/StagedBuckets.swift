import CNVIDIA
import TensorCore

/// The way of a gradient array's buckets from a GPU to host memory and back, on two streams of its own, so that one bucket
/// is copied while the host sums another.
///
/// A bucket at place p uses half p mod 2 of the pinned memory: fetched behind its mark and behind the return of bucket
/// p − 2, summed by the host, and sent back. All copies are 4 bytes an element each way.
// @unchecked: used by one thread at a time, but for the marks.
package final class StagedBuckets: @unchecked Sendable {
  private let gradients: Tensor
  private let marks: BucketMarks
  private let outbound: CUDAStream
  private let inbound: CUDAStream
  private let halves: [Half]
  /// Behind the last bucket that was sent back in this step; nil where none was.
  private var lastReturned: CUDAEvent?

  /// How many buckets may be on their way at once.
  package static let halfCount = 2

  private struct Half {
    let memory: PinnedMemory
    let arrived: CUDAEvent
    let returned: CUDAEvent
  }

  /// - Parameter largestCount: elements of the largest bucket of `gradients`, which are float32.
  package init(_ gradients: Tensor, _ marks: BucketMarks, largestCount: Int) {
    let backend = marks.backend
    self.gradients = gradients
    self.marks = marks
    outbound = CUDAStream(backend, highPriority: true)
    inbound = CUDAStream(backend, highPriority: true)
    halves = (0..<Self.halfCount).map { _ in
      Half(
        memory: PinnedMemory(byteCount: 4 * largestCount, backend: backend), arrived: CUDAEvent(backend),
        returned: CUDAEvent(backend, measuresTime: true))
    }
  }

  package func begin() { lastReturned = nil }

  /// Queues the copy of the bucket at `place` to the host.
  package func fetch(_ place: Int, _ elements: Range<Int>) {
    let half = halves[place % Self.halfCount]
    outbound.wait(for: marks[place])
    outbound.wait(for: half.returned)
    outbound.copyToHost(half.memory.bytes.baseAddress!, from: pointer(elements), byteCount: 4 * elements.count)
    half.arrived.record(on: outbound)
  }

  /// The fetched bucket at `place`, as soon as it is there. Throws what has gone wrong on the GPU: what it should have
  /// computed must not reach other ranks.
  package func arrived(_ place: Int, _ elements: Range<Int>) throws -> UnsafeMutableBufferPointer<Float> {
    let half = halves[place % Self.halfCount]
    half.arrived.synchronize()
    try marks.backend.throwIfFailed()
    return UnsafeMutableBufferPointer(
      start: half.memory.bytes.baseAddress!.assumingMemoryBound(to: Float.self), count: elements.count)
  }

  /// Queues the copy of the bucket at `place` back to the GPU.
  package func giveBack(_ place: Int, _ elements: Range<Int>) {
    let half = halves[place % Self.halfCount]
    inbound.copyToDevice(pointer(elements), from: half.memory.bytes.baseAddress!, byteCount: 4 * elements.count)
    half.returned.record(on: inbound)
    lastReturned = half.returned
  }

  /// What is queued from now on finds the sums. Returns the seconds from the end of the backward pass to the last bucket's
  /// return, in which the GPU could not compute. On the thread that queues kernels, after the last bucket.
  package func finish() throws -> Double {
    guard let lastReturned else { return 0 }
    marks.backend.stream.wait(for: lastReturned)
    lastReturned.synchronize()
    marks.end.synchronize()
    try marks.backend.throwIfFailed()
    return max(0, lastReturned.milliseconds(since: marks.end) / 1e3)
  }

  private func pointer(_ elements: Range<Int>) -> CUdeviceptr {
    gradients.device + CUdeviceptr(4 * elements.lowerBound)
  }
}
