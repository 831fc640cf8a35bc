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
/// Where a rank brings several gradients to a step (`SummationOrder.tree`), each but the last is put aside before:
///
///     …; exchange.keep()                    // and the next pass begins with empty gradients
///
/// Nothing is added to a gradient after the last pass, so one that this pass does not reach is complete when it begins.
/// A step may also observe no pass: `finish()` then sends everything. The sums have the same bits with and without
/// overlap, and on every rank.
///
/// Used by one thread. After a thrown fault nothing more is done with it.
public final class GradientExchange: BackwardObserver {
  public let buckets: GradientBuckets
  /// In which the gradients travel.
  public let wire: WireFormat
  /// How they travel.
  public let route: GradientRoute
  private let order: SummationOrder
  /// Of what this rank has put aside in this step.
  private let partialSums: PartialSums
  private let gradients: Tensor
  private let prepare: ([Variable]) -> Void
  private let carrier: any GradientCarrier
  /// Of the ranks alone, for buckets over MPI and for what the ranks agree on.
  private let communicator: any Communicator
  /// nil where nothing overlaps.
  private var thread: SendingThread?
  private var trial: OverlapTrial?
  private var completion: BucketCompletion
  private var overlaps: Bool
  private var state = State.idle
  private var startSeconds = 0.0
  /// How many buckets have been marked as whole in this step, in the order of sending.
  private var markedCount = 0

  private enum State { case idle, begun, observed }

  /// Collective. With one rank nothing travels and only the norm is computed.
  ///
  /// - Parameters:
  ///   - gradients: all gradients, in float32: those of a `ParameterArena`.
  ///   - order: with `tree`, gradients travel over MPI and in float32.
  ///   - prepare: called before any bucket is sent or put aside, with the parameters that the last pass has still to
  ///     reach: sees to it that the gradients of all others are what they shall be.
  public init(
    gradients: Tensor, communicator: any Communicator, wire: WireFormat = .float32, overlap: Overlap = .off,
    transport: Transport = .auto, order: SummationOrder = .ofRanks,
    bucketByteCount: Int = GradientBuckets.defaultByteCount,
    prepare: @escaping ([Variable]) -> Void = { _ in }
  ) throws {
    self.gradients = gradients
    self.prepare = prepare
    self.order = order
    partialSums = PartialSums(on: gradients.backend)
    buckets = GradientBuckets(elementCount: gradients.count, byteCount: bucketByteCount)
    let isAlone = communicator.rankCount == 1
    self.communicator = isAlone ? communicator : try communicator.duplicate()
    (route, carrier) = try makeCarrier(gradients, buckets, self.communicator, wire: wire, order: order, transport)
    self.wire = carrier.wire
    completion = BucketCompletion(buckets)
    overlaps = overlap == .on && !isAlone
    if overlap != .off, !isAlone { thread = try SendingThread(carrier) }
    if overlap == .auto, !isAlone { trial = OverlapTrial() }
  }

  /// Puts the gradients aside, as one of those that this rank brings to the step that comes.
  public func keep() {
    precondition(state == .idle, "keep() after begin()")
    prepare([])
    partialSums.add(gradients)
  }

  /// Before the first backward pass of the last gradients of a step.
  public func begin() {
    precondition(state == .idle, "a step of the exchange begins before the last has finished")
    precondition(
      partialSums.count == order.countPerRank - 1,
      "\(partialSums.count) gradients put aside, and one to come, in \(order)")
    state = .begun
    if let trial { overlaps = trial.isOn }
    markedCount = 0
    carrier.begin()
    thread?.begin()
    startSeconds = monotonicSeconds()
  }

  public func willReach(_ parameters: [Variable]) {
    precondition(state == .begun, "the exchange observes the last backward pass of a step alone, after begin()")
    state = .observed
    guard overlaps else { return }
    prepare(parameters)
    completion.expect(parameters.compactMap(range))
    allow(completion.readyCount)
  }

  public func isComplete(_ parameter: Variable) {
    guard overlaps, let range = range(of: parameter) else { return }
    completion.complete(range)
    allow(completion.readyCount)
  }

  /// The first `count` buckets are whole, as soon as what is queued on a device has run.
  private func allow(_ count: Int) {
    guard count > markedCount else { return }
    for place in markedCount..<count { partialSums.complete(gradients, buckets[buckets.sent(place)]) }
    carrier.markWhole(markedCount..<count)
    markedCount = count
    if overlaps { thread?.allow(count) }
  }

  /// Sends what has not gone yet and waits for all: the gradients are then the sums over the ranks.
  ///
  /// Throws the fault of the communication, on whichever thread it happened.
  public func finish() throws -> GradientSum {
    precondition(state != .idle, "finish() without begin()")
    state = .idle
    prepare([])
    allow(buckets.count)
    let start = monotonicSeconds()
    carrier.markEnd()
    if overlaps, let thread {
      try thread.wait(buckets.count)
    } else {
      for place in 0..<buckets.count { try carrier.carry(place, allowedCount: buckets.count) }
    }
    let carried = try carrier.finish()
    partialSums.empty()
    let end = monotonicSeconds()
    var sum = GradientSum(norm: carried.squares.squareRoot())
    sum.times.exposedSeconds = carried.deviceWaitSeconds ?? (end - start)
    sum.times.journeys = carried.journeys
    if wire == .bfloat16 { sum.wireError = try wireError(carried, norm: sum.norm) }
    sum.decision = try decide(end - startSeconds)
    return sum
  }

  /// Ends the communication of an orderly run. Collective; nothing may follow.
  public func close() throws {
    precondition(state == .idle, "close() in the middle of a step")
    thread?.join()
    thread = nil
    try carrier.close()
    if communicator.rankCount > 1 { try communicator.finalize() }
  }

  /// Where a parameter's gradient is among `gradients`; nil for one that is not.
  private func range(of parameter: Variable) -> Range<Int>? {
    guard let gradient = parameter.gradient, gradient.storage === gradients.storage else { return nil }
    let start = gradient.offset - gradients.offset
    let range = start..<start + gradient.count
    return range.clamped(to: 0..<gradients.count) == range && !range.isEmpty ? range : nil
  }

  /// The rounding errors of all ranks together, as a share of the sum. They are taken as independent of each other.
  private func wireError(_ carried: CarriedGradients, norm: Double) throws -> Double {
    var squares = [carried.squaredError]
    try squares.withUnsafeMutableBufferPointer { try communicator.allReduceSum($0) }
    return norm > 0 ? squares[0].squareRoot() / norm : 0
  }

  private func decide(_ seconds: Double) throws -> OverlapDecision? {
    trial?.add(seconds)
    guard let trial, trial.isOver else { return nil }
    let decision = try trial.decision { own in
      Double(try communicator.allReduceMin(Int(own * 1e9))) * 1e-9
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
