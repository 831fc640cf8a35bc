import Collectives
import Faults
import TensorCore

/// Sums the gradients of all ranks, bucket by bucket, during the backward pass or after it.
///
///     exchange.begin()
///     …                                     // passes that are not observed, as many as the step has
///     total.backward(observer: exchange)    // the last pass of the step alone
///     let sum = try exchange.finish()
///
/// Nothing is added to a gradient after the last pass, so one that this pass does not reach is complete when it begins.
/// A step may also observe no pass: `finish()` then sends everything. The sums have the same bits with and without
/// overlap, and on every rank.
///
/// Used by one thread. After a thrown fault nothing more is done with it.
public final class GradientExchange: BackwardObserver {
  public let buckets: GradientBuckets
  public let wire: WireFormat
  private let gradients: Tensor
  private let prepare: ([Variable]) -> Void
  private let sender: BucketSender
  private let channel: GradientChannel
  /// nil where nothing overlaps.
  private var thread: SendingThread?
  private var trial: OverlapTrial?
  private var completion: BucketCompletion
  private var overlaps: Bool
  private var state = State.idle
  private var startSeconds = 0.0

  private enum State { case idle, begun, observed }

  /// Collective. With one rank nothing travels and only the norm is computed.
  ///
  /// - Parameters:
  ///   - gradients: all gradients, float32 in host memory: those of a `ParameterArena`.
  ///   - prepare: called before any bucket is sent, with the parameters that the last pass has still to reach: sees to it
  ///     that the gradients of all others are what they shall be.
  public init(
    gradients: Tensor, communicator: any Communicator, wire: WireFormat = .float32, overlap: Overlap = .off,
    bucketByteCount: Int = GradientBuckets.defaultByteCount, prepare: @escaping ([Variable]) -> Void = { _ in }
  ) throws {
    self.gradients = gradients
    self.prepare = prepare
    buckets = GradientBuckets(elementCount: gradients.count, byteCount: bucketByteCount)
    let isAlone = communicator.rankCount == 1
    channel = GradientChannel(
      isAlone ? communicator : try communicator.duplicate(), wire: wire,
      largestCount: min(buckets.bucketElementCount, gradients.count))
    self.wire = channel.wire
    sender = BucketSender(gradients, buckets, channel)
    completion = BucketCompletion(buckets)
    overlaps = overlap == .on && !isAlone
    if overlap != .off, !isAlone { thread = try SendingThread(sender) }
    if overlap == .auto, !isAlone { trial = OverlapTrial() }
  }

  /// Before the first backward pass of a step.
  public func begin() {
    precondition(state == .idle, "a step of the exchange begins before the last has finished")
    state = .begun
    if let trial { overlaps = trial.isOn }
    sender.begin()
    thread?.begin()
    startSeconds = monotonicSeconds()
  }

  public func willReach(_ parameters: [Variable]) {
    precondition(state == .begun, "the exchange observes the last backward pass of a step alone, after begin()")
    state = .observed
    guard overlaps else { return }
    prepare(parameters)
    completion.expect(parameters.compactMap(range))
    thread?.allow(completion.readyCount)
  }

  public func isComplete(_ parameter: Variable) {
    guard overlaps, let range = range(of: parameter) else { return }
    let before = completion.readyCount
    completion.complete(range)
    if completion.readyCount > before { thread?.allow(completion.readyCount) }
  }

  /// Sends what has not gone yet and waits for all: the gradients are then the sums over the ranks.
  ///
  /// Throws the fault of the communication, on whichever thread it happened.
  public func finish() throws -> GradientSum {
    precondition(state != .idle, "finish() without begin()")
    state = .idle
    prepare([])
    let start = monotonicSeconds()
    if overlaps, let thread {
      thread.allow(buckets.count)
      try thread.wait(buckets.count)
    } else {
      for place in 0..<buckets.count { try sender.send(place) }
    }
    let end = monotonicSeconds()
    var sum = GradientSum(norm: sender.arrivals.reduce(0) { $0 + $1.squares }.squareRoot())
    sum.times.exposedSeconds = end - start
    sum.times.journeys = sender.journeys
    if wire == .bfloat16 { sum.wireError = try wireError(norm: sum.norm) }
    sum.decision = try decide(end - startSeconds)
    return sum
  }

  /// Ends the communication of an orderly run. Collective; nothing may follow.
  public func close() throws {
    precondition(state == .idle, "close() in the middle of a step")
    thread?.join()
    thread = nil
    if channel.communicator.rankCount > 1 { try channel.communicator.finalize() }
  }

  /// Where a parameter's gradient is among `gradients`; nil for one that is not.
  private func range(of parameter: Variable) -> Range<Int>? {
    guard let gradient = parameter.gradient, gradient.storage === gradients.storage else { return nil }
    let start = gradient.offset - gradients.offset
    let range = start..<start + gradient.count
    return range.clamped(to: 0..<gradients.count) == range && !range.isEmpty ? range : nil
  }

  /// The rounding errors of all ranks together, as a share of the sum. They are taken as independent of each other.
  private func wireError(norm: Double) throws -> Double {
    var squares = [sender.arrivals.reduce(0) { $0 + $1.squaredError }]
    try squares.withUnsafeMutableBufferPointer { try channel.communicator.allReduceSum($0) }
    return norm > 0 ? squares[0].squareRoot() / norm : 0
  }

  private func decide(_ seconds: Double) throws -> OverlapDecision? {
    trial?.add(seconds)
    guard let trial, trial.isOver else { return nil }
    let decision = try trial.decision { own in
      Double(try channel.communicator.allReduceMin(Int(own * 1e9))) * 1e-9
    }
    overlaps = decision.isOn
    self.trial = nil
    if !overlaps {
      thread?.join()
      thread = nil
    }
    return decision
  }
}
