import CUDAWorker
import TensorCore

/// Gradients that NCCL sums in the memory of the ranks' GPUs, in float32.
///
/// Rounded to bfloat16, NCCL would round again wherever it adds; so it is not asked to.
// @unchecked: used by one thread at a time, which the lock of `SendingThread` sees to.
final class NCCLCarrier: GradientCarrier, @unchecked Sendable {
  private let gradients: Tensor
  private let gpu: CUDABackend
  private let buckets: GradientBuckets
  private let marks: BucketMarks
  private let reduced: ReducedBuckets

  let wire = WireFormat.float32

  init(
    _ gradients: Tensor, on gpu: CUDABackend, _ buckets: GradientBuckets, _ communicator: NCCLCommunicator
  ) throws {
    precondition(gradients.dtype == .float32, "gradients of \(gradients.dtype) do not travel")
    self.gradients = gradients
    self.gpu = gpu
    self.buckets = buckets
    marks = BucketMarks(gpu, bucketCount: buckets.count)
    reduced = try ReducedBuckets(
      gradients, marks, communicator, bucketCount: buckets.count,
      largestCount: min(buckets.bucketElementCount, buckets.elementCount))
  }

  func begin() {}
  func markWhole(_ places: Range<Int>) { marks.record(places) }
  func markEnd() { marks.recordEnd() }
  func enterThread() { gpu.device.makeCurrent() }

  /// Returns at once: the GPU waits for what the bucket needs.
  func carry(_ place: Int, allowedCount: Int) throws { try reduced.reduce(place, buckets[buckets.sent(place)]) }

  func finish() throws -> CarriedGradients {
    let waitSeconds = try reduced.finish()
    let end = monotonicSeconds()
    let journeys = reduced.times().enumerated().map { place, time in
      ExchangeTimes.Journey(bucket: buckets.sent(place), start: end - time.start, end: end - time.end)
    }
    let squares = gradients.backend.sumOfSquares(gradients)
    try gpu.throwIfFailed()
    return CarriedGradients(squares: squares, deviceWaitSeconds: waitSeconds, journeys: journeys)
  }

  func close() throws { try reduced.close() }
}
