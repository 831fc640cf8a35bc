import Faults
import Randomness
import ShardFormat

/// Which samples every step of a run takes, on every rank: a function of set, configuration and step.
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
  let shuffleBlock: Int
  private let shuffleWindow: Int
  /// The hash of the product of a sample of the set.
  private let productKey: @Sendable (Int) -> UInt64
  /// Set where a product may be in a batch only once.
  private let spread: ProductSpread?

  /// Throws `Fault(.configuration)` with both numbers if the set has fewer pairs than one batch of all ranks, or a
  /// product too many clips to be spread.
  public init(_ set: ShardSet, configuration: LoaderConfiguration, rankCount: Int) throws {
    try configuration.validate()
    guard set.count <= Int32.max else {
      throw Fault(.configuration, "A run takes at most \(Int32.max) samples, the set has \(set.count)", at: set.folder)
    }
    let trainable = (0..<Int32(set.count)).filter { set.frameCount(at: Int($0)) > 0 }
    try self.init(
      trainableSamples: trainable, configuration: configuration, rankCount: rankCount, place: set.folder,
      productKey: { set.productKey(at: $0) })
  }

  init(
    trainableSamples: [Int32], configuration: LoaderConfiguration, rankCount: Int, place: String,
    productKey: @escaping @Sendable (Int) -> UInt64
  ) throws {
    precondition(rankCount >= 1, "\(rankCount) ranks")
    self.trainableSamples = trainableSamples
    self.productKey = productKey
    pairsPerRank = configuration.pairsPerRank
    self.rankCount = rankCount
    seed = configuration.seed
    shuffleBlock = configuration.shuffleBlock
    shuffleWindow = configuration.shuffleWindow
    let (pairs, overflow) = pairsPerRank.multipliedReportingOverflow(by: rankCount)
    guard !overflow, pairs <= trainableSamples.count else {
      throw Fault(
        .configuration,
        "One step takes \(overflow ? "far too many" : "\(pairs)") pairs (\(pairsPerRank) on each of \(rankCount) ranks), "
          + "the set has \(trainableSamples.count)", at: place)
    }
    spread =
      configuration.uniqueProducts
      ? try ProductSpread(
        samples: trainableSamples, pairsPerStep: pairs, seed: seed, place: place, productKey: productKey) : nil
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

  /// The order of an epoch. At once by arithmetic; a table of all samples is made where products are spread, and the
  /// two latest are kept.
  public func order(ofEpoch epoch: Int) -> EpochOrder {
    if let spread { return .spread(spread.order(ofEpoch: epoch)) }
    return .mixed(sampleOrder(ofEpoch: epoch), samples: trainableSamples)
  }

  /// The order over places in `trainableSamples`, where products are not spread.
  func sampleOrder(ofEpoch epoch: Int) -> SampleOrder {
    SampleOrder(
      count: trainableSamples.count, block: shuffleBlock, window: shuffleWindow, seed: seed, epoch: epoch)
  }

  /// Whether the windows of the order say what to read ahead.
  var hasWindows: Bool { spread == nil && shuffleWindow > 0 }

  /// The number in the set of the sample that stands in for the damaged one at a place of a step; nil if this attempt
  /// gives none.
  ///
  /// All stand-ins of one attempt come from one other step of the epoch, each place of this step from its own place of
  /// that. So they differ among themselves and from all samples of the step, on every rank, and where products are
  /// spread, so do their products. If one step takes the whole epoch, it is a random sample.
  ///
  /// - Parameter attempt: 0 for the first stand-in, 1 if that one is damaged too, and so on.
  public func standIn(forPlace place: Int, ofStep step: Int, attempt: Int) -> Int? {
    let epoch = epoch(ofStep: step)
    let order = order(ofEpoch: epoch)
    guard stepsPerEpoch > 1 else {
      var stream = RandomStream(seed: seed, "stand-in", epoch, place, attempt)
      return order[stream.integer(below: order.count)]
    }
    var stream = RandomStream(seed: seed, "stand-in", step, attempt)
    let taken = places(ofStep: step)
    let draw = stream.integer(below: stepsPerEpoch - 1)
    let other = draw < step % stepsPerEpoch ? draw : draw + 1
    let sample = order[other * pairsPerStep + (place - taken.lowerBound + attempt) % pairsPerStep]
    guard spread != nil else { return sample }
    let product = productKey(sample)
    return taken.contains { $0 != place && productKey(order[$0]) == product } ? nil : sample
  }
}
