import CUDAWorker
import TensorCore

/// Gradients on a GPU that travel through host memory: copied there, summed over MPI as those of the CPU, with the same
/// bits, and copied back. A bucket is copied while another is summed.
// @unchecked: used by one thread at a time, which the lock of `SendingThread` sees to.
final class StagedCarrier: GradientCarrier, @unchecked Sendable {
  private let gpu: CUDABackend
  private let buckets: GradientBuckets
  private let channel: GradientChannel
  private let marks: BucketMarks
  private let staged: StagedBuckets
  private var arrivals: ChannelArrivals
  /// How many buckets are on their way to the host, or were.
  private var fetchedCount = 0

  var wire: WireFormat { channel.wire }

  init(_ gradients: Tensor, on gpu: CUDABackend, _ buckets: GradientBuckets, _ channel: GradientChannel) {
    precondition(gradients.dtype == .float32, "gradients of \(gradients.dtype) do not travel")
    self.gpu = gpu
    self.buckets = buckets
    self.channel = channel
    marks = BucketMarks(gpu, bucketCount: buckets.count)
    staged = StagedBuckets(gradients, marks, largestCount: min(buckets.bucketElementCount, buckets.elementCount))
    arrivals = ChannelArrivals(bucketCount: buckets.count)
  }

  func begin() {
    arrivals = ChannelArrivals(bucketCount: buckets.count)
    fetchedCount = 0
    staged.begin()
  }

  func markWhole(_ places: Range<Int>) { marks.record(places) }
  func markEnd() { marks.recordEnd() }
  func enterThread() { gpu.device.makeCurrent() }

  func carry(_ place: Int, allowedCount: Int) throws {
    let reach = min(place + StagedBuckets.halfCount, allowedCount)
    while fetchedCount < reach {
      staged.fetch(fetchedCount, buckets[buckets.sent(fetchedCount)])
      fetchedCount += 1
    }
    let bucket = buckets.sent(place)
    let elements = try staged.arrived(place, buckets[bucket])
    let start = monotonicSeconds()
    let arrival = try channel.sum(elements)
    arrivals.add(arrival, of: bucket, start: start)
    staged.giveBack(place, buckets[bucket])
  }

  func finish() throws -> CarriedGradients {
    var gradients = arrivals.gradients
    gradients.deviceWaitSeconds = try staged.finish()
    return gradients
  }

  func close() {}
}
