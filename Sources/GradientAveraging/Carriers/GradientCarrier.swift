import CUDAWorker
import TensorCore

/// Brings the buckets of one array of gradients to their sums over the ranks, one after the other in the order of sending.
///
/// `carry` runs on one thread at a time, which may be another than the one that computes; everything else runs there. A
/// step is `begin()`, `markWhole` and `carry` of every place in order, `finish()`.
protocol GradientCarrier: AnyObject, Sendable {
  /// In which the buckets travel.
  var wire: WireFormat { get }

  func begin()
  /// The gradients of the buckets at `places` are whole as soon as all has run that is queued now; before these are
  /// carried.
  func markWhole(_ places: Range<Int>)
  /// All of the backward pass is queued; before `finish()`.
  func markEnd()
  /// A thread will carry from now on.
  func enterThread()
  /// Sends the bucket at `place`. The first `allowedCount` places may go, so that a carrier can prepare the next.
  func carry(_ place: Int, allowedCount: Int) throws
  /// After the last bucket: what is computed from now on finds the sums.
  func finish() throws -> CarriedGradients
  /// Gives back what an orderly run has taken, beside the communicator of the exchange. Collective.
  func close() throws
}

/// What a carrier knows when all sums have arrived.
struct CarriedGradients {
  /// Σ g² of the sums, the same bits on every rank.
  var squares = 0.0
  /// Σ of this rank's squared rounding errors; 0 where nothing is rounded.
  var squaredError = 0.0
  /// Seconds in which a device could not compute because it waited for sums; nil where the thread that computes knows.
  var deviceWaitSeconds: Double?
  var journeys: [ExchangeTimes.Journey] = []
}

/// What was learned of the buckets that a `GradientChannel` summed.
struct ChannelArrivals {
  /// By bucket.
  private var arrivals: [GradientChannel.Arrival]
  private var journeys: [ExchangeTimes.Journey] = []

  init(bucketCount: Int) { arrivals = Array(repeating: GradientChannel.Arrival(), count: bucketCount) }

  mutating func add(_ arrival: GradientChannel.Arrival, of bucket: Int, start: Double) {
    arrivals[bucket] = arrival
    journeys.append(ExchangeTimes.Journey(bucket: bucket, start: start, end: monotonicSeconds()))
  }

  /// Added up in the order of the array.
  var gradients: CarriedGradients {
    CarriedGradients(
      squares: arrivals.reduce(0) { $0 + $1.squares }, squaredError: arrivals.reduce(0) { $0 + $1.squaredError },
      journeys: journeys)
  }
}

extension Tensor {
  /// The GPU that holds it, nil for one in host memory.
  var gpu: CUDABackend? { ((backend as? ProfilingBackend)?.base ?? backend) as? CUDABackend }
}
