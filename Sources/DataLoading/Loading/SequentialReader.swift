import ShardFormat

/// Reads a rank's share of a set in order, ahead on threads of its own; for evaluation.
///
/// Rank r of n reads every n-th sample from the r-th on, each exactly once and whole: no augmentation, and a damaged
/// sample always throws, for a score over fewer samples would not be comparable.
public final class SequentialReader {
  /// A sample and its number in the set.
  public struct Element: Sendable {
    public var number: Int
    public var sample: Sample
  }

  private let prefetcher: Prefetcher<Element>

  /// - Parameters:
  ///   - numbers: the samples to share among the ranks, all of the set by default.
  ///   - prefetchCount: samples read ahead.
  ///   - tokens: whether samples have their token features, where the set has any.
  public init(
    set: ShardSet, numbers: [Int]? = nil, rank: Int = 0, rankCount: Int = 1, prefetchCount: Int = 16,
    threadCount: Int = 1, tokens: Bool = false
  ) {
    precondition(rank >= 0 && rank < rankCount, "rank \(rank) of \(rankCount)")
    let total = numbers?.count ?? set.count
    let share = rank < total ? (total - rank + rankCount - 1) / rankCount : 0
    prefetcher = Prefetcher(0..<share, capacity: prefetchCount, threadCount: threadCount) {
      let decoder = ShardDecoder()
      return { place, isStopped in
        if isStopped() { throw Prefetcher<Element>.Stopped() }
        let position = rank + place * rankCount
        let number = numbers?[position] ?? position
        return Element(number: number, sample: try set.read(at: number, using: decoder, tokens: tokens))
      }
    }
  }

  /// The next sample, nil after the last. `Fault(.badData)` at a damaged one.
  public func next() throws -> Element? { try prefetcher.next() }

  /// Seconds that `next()` has waited.
  public var waitSeconds: Double { prefetcher.waitSeconds }

  public func stop() { prefetcher.stop() }
}
