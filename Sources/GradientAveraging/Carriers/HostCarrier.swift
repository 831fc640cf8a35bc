import TensorCore

/// Gradients in host memory, summed where they lie.
// @unchecked: used by one thread at a time, which the lock of `SendingThread` sees to.
final class HostCarrier: GradientCarrier, @unchecked Sendable {
  private let buckets: GradientBuckets
  private let channel: GradientChannel
  /// Held here too: where a run ends with a fault, the thread may still be inside a call when all else is gone.
  private let gradients: Tensor
  private let elements: UnsafeMutableBufferPointer<Float>
  private var arrivals: ChannelArrivals

  var wire: WireFormat { channel.wire }

  init(_ gradients: Tensor, _ buckets: GradientBuckets, _ channel: GradientChannel) {
    guard gradients.dtype == .float32, let elements = gradients.hostElements else {
      preconditionFailure("gradients of \(gradients.dtype) do not travel from where they are")
    }
    self.gradients = gradients
    self.elements = elements
    self.buckets = buckets
    self.channel = channel
    arrivals = ChannelArrivals(bucketCount: buckets.count)
  }

  func begin() { arrivals = ChannelArrivals(bucketCount: buckets.count) }

  func carry(_ place: Int, allowedCount: Int) throws {
    let bucket = buckets.sent(place)
    let start = monotonicSeconds()
    let arrival = try channel.sum(UnsafeMutableBufferPointer(rebasing: elements[buckets[bucket]]))
    arrivals.add(arrival, of: bucket, start: start)
  }

  func finish() -> CarriedGradients { arrivals.gradients }

  // A kernel of the CPU has run when its call returns.
  func markWhole(_ places: Range<Int>) {}
  func markEnd() {}
  func enterThread() {}
  func close() {}
}
