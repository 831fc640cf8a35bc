import Faults

/// How batches are made of samples.
public struct LoaderConfiguration: Codable, Sendable, Equatable {
  /// What to do with a sample whose bytes are damaged.
  public enum BadSamplePolicy: String, Codable, Sendable, CaseIterable {
    /// The run stops with `Fault(.badData)`.
    case fail
    /// Another sample takes its place, up to `badSampleBudget` times.
    case skip
  }

  /// Pairs of a clip and an image that one rank takes in one step.
  public var pairsPerRank: Int
  /// L, the most frames of a clip that a step sees; longer clips give L at even spacing.
  public var framesPerClip: Int
  /// How likely a clip is to lose the tail of its frames; 0 turns the augmentation off.
  public var dropTailProbability: Double
  /// Batches that are read ahead, at least 1. Each holds up to pairsPerRank · (framesPerClip + 1) pictures in memory.
  public var prefetchBatchCount: Int
  /// Threads that read and decompress. The batches do not depend on it.
  public var readerThreadCount: Int
  public var onBadSample: BadSamplePolicy
  /// How many different damaged samples a rank may replace before it stops; counted from the start of the process.
  public var badSampleBudget: Int
  /// Seed of order and augmentation.
  public var seed: UInt64

  public init(
    pairsPerRank: Int = 8, framesPerClip: Int = 10, dropTailProbability: Double = 0.5, prefetchBatchCount: Int = 2,
    readerThreadCount: Int = 1, onBadSample: BadSamplePolicy = .fail, badSampleBudget: Int = 10, seed: UInt64 = 0
  ) {
    self.pairsPerRank = pairsPerRank
    self.framesPerClip = framesPerClip
    self.dropTailProbability = dropTailProbability
    self.prefetchBatchCount = prefetchBatchCount
    self.readerThreadCount = readerThreadCount
    self.onBadSample = onBadSample
    self.badSampleBudget = badSampleBudget
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
    try require(badSampleBudget, "badSampleBudget", 0...Int.max)
    guard dropTailProbability >= 0, dropTailProbability <= 1 else {
      throw Fault(.configuration, "dropTailProbability is \(dropTailProbability), outside 0 … 1", at: "data loading")
    }
  }
}
