import Faults

/// How batches are made of samples.
public struct LoaderConfiguration: Codable, Sendable, Equatable {
  /// What to do with a sample whose bytes are damaged.
  public enum BadSamplePolicy: String, Codable, Sendable, CaseIterable {
    /// The run stops with `Fault(.badData)`.
    case fail
    /// Another sample takes its place.
    case skip
  }

  /// Pairs of a clip and an image that one rank takes in one step.
  public var pairsPerRank: Int
  /// L, the most frames of a clip that a step sees; longer clips give L at even spacing.
  public var framesPerClip: Int
  /// How likely a clip is to lose the tail of its frames; 0 turns the augmentation off.
  public var dropTailProbability: Double
  /// Batches that are read ahead, at least 1, as far as the memory allows it.
  public var prefetchBatchCount: Int
  /// Threads that read and decompress. The batches do not depend on it.
  public var readerThreadCount: Int
  /// Bytes that batches and threads may take. The one batch that training has is among them.
  public var memoryByteCount: Int
  /// Neighbours that stay together where the order allows it, so that they can be read together.
  public var shuffleBlock: Int
  /// Samples among which an order mixes blocks; 0 mixes all samples of the set.
  public var shuffleWindow: Int
  /// At most one pair of a product in a step of all ranks.
  public var uniqueProducts: Bool
  /// Bytes of coming windows that the ranks of a machine together have read ahead into its page cache, or its cache of
  /// remote shards; 0 reads nothing ahead.
  public var readAheadByteCount: Int
  public var onBadSample: BadSamplePolicy
  /// Whether batches have the token features of the texts; the set must hold them then.
  public var readsTokens: Bool
  /// Seed of order and augmentation.
  public var seed: UInt64

  public init(
    pairsPerRank: Int = 8, framesPerClip: Int = 10, dropTailProbability: Double = 0.5, prefetchBatchCount: Int = 2,
    readerThreadCount: Int = 1, memoryByteCount: Int = 1 << 30, shuffleBlock: Int = 8, shuffleWindow: Int = 16_384,
    uniqueProducts: Bool = false, readAheadByteCount: Int = 0, onBadSample: BadSamplePolicy = .fail,
    readsTokens: Bool = false, seed: UInt64 = 0
  ) {
    self.pairsPerRank = pairsPerRank
    self.framesPerClip = framesPerClip
    self.dropTailProbability = dropTailProbability
    self.prefetchBatchCount = prefetchBatchCount
    self.readerThreadCount = readerThreadCount
    self.memoryByteCount = memoryByteCount
    self.shuffleBlock = shuffleBlock
    self.shuffleWindow = shuffleWindow
    self.uniqueProducts = uniqueProducts
    self.readAheadByteCount = readAheadByteCount
    self.onBadSample = onBadSample
    self.readsTokens = readsTokens
    self.seed = seed
  }

  /// Throws `Fault(.configuration)` for the first setting that cannot be obeyed.
  public func validate() throws {
    func require(_ value: Int, _ name: String, _ range: ClosedRange<Int>) throws {
      guard range.contains(value) else {
        throw Fault(
          .configuration, "\(name) is \(value), outside \(range.lowerBound) … \(range.upperBound)", at: "data loading")
      }
    }
    try require(pairsPerRank, "pairsPerRank", 1...65_536)
    try require(framesPerClip, "framesPerClip", 1...512)
    try require(prefetchBatchCount, "prefetchBatchCount", 1...1_024)
    try require(readerThreadCount, "readerThreadCount", 1...256)
    try require(memoryByteCount, "memoryByteCount", 1...Int.max)
    try require(shuffleBlock, "shuffleBlock", 1...1_048_576)
    try require(shuffleWindow, "shuffleWindow", 0...1 << 31)
    try require(readAheadByteCount, "readAheadByteCount", 0...Int.max)
    guard dropTailProbability >= 0, dropTailProbability <= 1 else {
      throw Fault(.configuration, "dropTailProbability is \(dropTailProbability), outside 0 … 1", at: "data loading")
    }
  }
}
