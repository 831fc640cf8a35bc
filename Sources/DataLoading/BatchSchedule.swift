import Faults
import Randomness
import ShardFormat

/// Which samples every step of a run takes, on every rank: arithmetic without state.
///
/// Step k of the run is step k mod stepsPerEpoch of epoch k div stepsPerEpoch. It takes the places
/// `step · G ..< (step + 1) · G` of that epoch's order, where G is the pairs of all ranks; rank r takes the r-th part.
/// So the order of the samples depends on G and not on how many ranks share it, and a run that resumes at step k goes
/// on exactly there. The last samples of an epoch that do not fill a batch are left out; every epoch leaves out others.
public struct BatchSchedule: Sendable {
  /// The samples that have frames, as numbers in the set: a picture alone is no pair.
  public let trainableSamples: [Int32]
  public let pairsPerRank: Int
  public let rankCount: Int
  public let seed: UInt64

  /// Throws `Fault(.configuration)` with both numbers if the set has fewer pairs than one batch of all ranks.
  public init(_ set: ShardSet, configuration: LoaderConfiguration, rankCount: Int) throws {
    try configuration.validate()
    guard set.count <= Int32.max else {
      throw Fault(.configuration, "A run takes at most \(Int32.max) samples, the set has \(set.count)", at: set.folder)
    }
    let trainable = (0..<set.count).filter { set.frameCount(at: $0) > 0 }.map(Int32.init)
    try self.init(trainableSamples: trainable, configuration: configuration, rankCount: rankCount, place: set.folder)
  }

  init(trainableSamples: [Int32], configuration: LoaderConfiguration, rankCount: Int, place: String) throws {
    precondition(rankCount >= 1, "\(rankCount) ranks")
    self.trainableSamples = trainableSamples
    pairsPerRank = configuration.pairsPerRank
    self.rankCount = rankCount
    seed = configuration.seed
    let (pairs, overflow) = pairsPerRank.multipliedReportingOverflow(by: rankCount)
    guard !overflow, pairs <= trainableSamples.count else {
      throw Fault(
        .configuration,
        "One step takes \(overflow ? "far too many" : "\(pairs)") pairs (\(pairsPerRank) on each of \(rankCount) ranks), "
          + "the set has \(trainableSamples.count)", at: place, remedy: "Lower pairsPerRank or use fewer ranks")
    }
  }

  /// G, the pairs of all ranks in one step.
  public var pairsPerStep: Int { pairsPerRank * rankCount }

  public var stepsPerEpoch: Int { trainableSamples.count / pairsPerStep }

  public func epoch(ofStep step: Int) -> Int { step / stepsPerEpoch }

  /// The places in its epoch that all ranks together take in a step of the run.
  public func places(ofStep step: Int) -> Range<Int> {
    precondition(step >= 0, "step \(step)")
    let start = step % stepsPerEpoch * pairsPerStep
    return start..<start + pairsPerStep
  }

  /// The places in its epoch that one rank takes in a step of the run.
  public func places(ofStep step: Int, rank: Int) -> Range<Int> {
    precondition(rank >= 0 && rank < rankCount, "rank \(rank) of \(rankCount)")
    let start = places(ofStep: step).lowerBound + rank * pairsPerRank
    return start..<start + pairsPerRank
  }

  /// The order of an epoch, over places in `trainableSamples`.
  public func order(ofEpoch epoch: Int) -> SampleOrder {
    SampleOrder(count: trainableSamples.count, seed: seed, epoch: epoch)
  }

  /// The number in the set of the sample at a place of an order.
  public func sample(at place: Int, of order: SampleOrder) -> Int { Int(trainableSamples[order[place]]) }

  /// The place whose sample stands in for the damaged one at `place`: a random one outside this step, so that it is
  /// nowhere else in the batch of any rank; from the whole epoch if one step takes all of it.
  ///
  /// - Parameter attempt: 0 for the first stand-in, 1 if that one is damaged too, and so on.
  public func standIn(forPlace place: Int, ofStep step: Int, attempt: Int) -> Int {
    var stream = RandomStream(seed: seed, "stand-in", epoch(ofStep: step), place, attempt)
    let taken = places(ofStep: step)
    let outside = trainableSamples.count - taken.count
    guard outside > 0 else { return stream.integer(below: trainableSamples.count) }
    let draw = stream.integer(below: outside)
    return draw < taken.lowerBound ? draw : draw + taken.count
  }
}
