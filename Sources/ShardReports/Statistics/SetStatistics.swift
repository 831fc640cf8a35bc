import ShardFormat

/// What the details of all samples say of a set: how long its tails are, how long its clips, how large its samples.
public struct SetStatistics: Sendable, Encodable {
  public struct Tag: Sendable, Encodable {
    public var name: String
    /// Samples that have the tag.
    public var sampleCount: Int
    /// Empty where the tag has more values than a table is good for (`SetStatistics.tagValueLimit`).
    public var values: CountTable
  }

  /// A tag with more different values than this is only counted.
  public static let tagValueLimit = 1_000

  public var facts: SetFacts
  /// Category ids of all samples that have one.
  public var categories: CountTable
  /// By name.
  public var tags: [Tag]
  public var liveCount: Int
  /// Stored frames of every clip.
  public var clipFrames: Distribution
  /// Frames of every clip's source, as far as the places of the stored frames tell: with even sampling the last stored
  /// frame is the source's last, unless only one was to be stored.
  public var sourceFrames: Distribution
  /// Clips of every product that has one.
  public var clipsPerProduct: Distribution
  /// Different products of every live that has one.
  public var productsPerLive: Distribution
  /// Unicode characters of the titles that are not empty.
  public var titleLengths: Distribution
  /// Unicode characters of the spoken texts that are not empty.
  public var speechLengths: Distribution
  /// Tokens of the titles and of the spoken texts that have features of them.
  public var titleTokens: Distribution
  public var speechTokens: Distribution
  /// Bytes of every sample's record: details and frames, without the product picture that it may share.
  public var sampleBytes: Distribution
  /// Source entries that the build left out, by cause.
  public var leftOut: CountTable

  /// Reads the details of all samples of a set, not their pixels.
  ///
  /// The result does not depend on the number of threads.
  ///
  /// - Parameters:
  ///   - leftOut: causes of the source entries that are missing.
  ///   - progress: called about ten times a second with the samples begun.
  ///
  /// Throws `Fault(.badData)` for damaged details.
  public init(
    reading set: ShardSet, threadCount: Int, leftOut: [String: Int] = [:], progress: (Int) -> Void = { _ in }
  ) throws {
    let parts = try ParallelWork.run(count: set.count, threadCount: threadCount, progress: progress) { next in
      var part = StatisticsPart()
      while let number = next() {
        part.add(try set.summary(at: number), tokens: try set.tokenCounts(at: number), number, of: set)
      }
      return part
    }
    var all = StatisticsPart()
    for part in parts { all.merge(part) }

    facts = SetFacts(set)
    categories = CountTable(all.categories)
    tags = all.tags.sorted { $0.key < $1.key }.map { name, tag in
      Tag(name: name, sampleCount: tag.sampleCount, values: CountTable(tag.isOpen ? [:] : tag.values))
    }
    clipFrames = Distribution(all.clipFrames)
    sourceFrames = Distribution(all.sourceFrames)
    clipsPerProduct = Distribution(SetStatistics.runLengths(all.clipProducts.sorted()))
    let pairs = all.liveProducts.sorted { ($0.live, $0.product) < ($1.live, $1.product) }
    var lives: [UInt64] = []
    for (place, pair) in pairs.enumerated() where place == 0 || pairs[place - 1] != pair { lives.append(pair.live) }
    let perLive = SetStatistics.runLengths(lives)
    productsPerLive = Distribution(perLive)
    liveCount = perLive.count
    titleLengths = Distribution(all.titleLengths)
    speechLengths = Distribution(all.speechLengths)
    titleTokens = Distribution(all.titleTokens)
    speechTokens = Distribution(all.speechTokens)
    sampleBytes = Distribution(all.sampleBytes)
    self.leftOut = CountTable(leftOut)
  }

  /// How often each value stands in a sorted list.
  private static func runLengths(_ sorted: [UInt64]) -> [UInt32] {
    var lengths: [UInt32] = []
    for (place, value) in sorted.enumerated() {
      if place > 0, sorted[place - 1] == value { lengths[lengths.count - 1] += 1 } else { lengths.append(1) }
    }
    return lengths
  }
}
