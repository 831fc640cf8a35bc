import Glibc
import TensorCore

/// Sends buckets in their order and keeps what it learns of them.
// @unchecked: used by one thread at a time, which the lock of `SendingThread` sees to.
final class BucketSender: @unchecked Sendable {
  let buckets: GradientBuckets
  let channel: GradientChannel
  /// Held here too: where a run ends with a fault, the thread may still be inside a call when all else is gone.
  private let gradients: Tensor
  private let elements: UnsafeMutableBufferPointer<Float>
  /// By bucket.
  private(set) var arrivals: [GradientChannel.Arrival] = []
  private(set) var journeys: [ExchangeTimes.Journey] = []

  init(_ gradients: Tensor, _ buckets: GradientBuckets, _ channel: GradientChannel) {
    guard gradients.dtype == .float32, let elements = gradients.hostElements else {
      preconditionFailure("gradients of \(gradients.dtype) do not travel from where they are")
    }
    self.gradients = gradients
    self.elements = elements
    self.buckets = buckets
    self.channel = channel
  }

  func begin() {
    arrivals = Array(repeating: GradientChannel.Arrival(), count: buckets.count)
    journeys.removeAll(keepingCapacity: true)
  }

  /// Sends the bucket whose turn it is as number `place`.
  func send(_ place: Int) throws {
    let bucket = buckets.sent(place)
    let start = monotonicSeconds()
    arrivals[bucket] = try channel.sum(UnsafeMutableBufferPointer(rebasing: elements[buckets[bucket]]))
    journeys.append(ExchangeTimes.Journey(bucket: bucket, start: start, end: monotonicSeconds()))
  }
}

/// Seconds of a clock that nobody sets.
func monotonicSeconds() -> Double {
  var now = timespec()
  clock_gettime(CLOCK_MONOTONIC, &now)
  return Double(now.tv_sec) + Double(now.tv_nsec) * 1e-9
}
