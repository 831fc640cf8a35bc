import CNVIDIA

/// Marks in the compute stream behind which the gradients of a bucket are whole, one for every place in the order of
/// sending, and one behind the whole backward pass.
// @unchecked: events may be used from any thread; a mark is recorded before another thread hears of it.
package final class BucketMarks: @unchecked Sendable {
  let backend: CUDABackend
  /// Behind the last kernel of a step's backward pass.
  let end: CUDAEvent
  private let marks: [CUDAEvent]

  package init(_ backend: CUDABackend, bucketCount: Int) {
    self.backend = backend
    marks = (0..<bucketCount).map { _ in CUDAEvent(backend) }
    end = CUDAEvent(backend, measuresTime: true)
  }

  /// What is queued now completes the buckets at `places`. On the thread that queues kernels.
  package func record(_ places: Range<Int>) {
    for place in places { marks[place].record(on: backend.stream) }
  }

  /// The backward pass is queued. On the thread that queues kernels.
  package func recordEnd() { end.record(on: backend.stream) }

  subscript(place: Int) -> CUDAEvent { marks[place] }
}
