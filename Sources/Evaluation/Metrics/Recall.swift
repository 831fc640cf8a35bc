/// How often, and how high, a right image stands among the best of its gallery.
///
/// R@k = (queries whose best right image has a rank of at most k) / queries, a number in 0 … 1.
public struct Recall: Codable, Sendable, Equatable {
  public let queries: Int
  public let r1: Double
  public let r5: Double
  public let r10: Double
  /// (R@1 + R@5 + R@10) / 3
  public let mean: Double
  /// The median of the ranks, 1 the best; the mean of the two in the middle of an even number. Nil where the middle
  /// is a query without a right image in its gallery, or there is no query.
  public let medianRank: Double?

  /// - Parameter ranks: of the best right image of every query, from 1; nil for a query that has none in its gallery,
  ///   which is a miss at every k.
  public init(ranks: [Int?]) {
    precondition(ranks.allSatisfy { $0 ?? 1 >= 1 }, "ranks count from 1")
    func share(_ k: Int) -> Double {
      ranks.isEmpty ? 0 : Double(ranks.count { ($0 ?? Int.max) <= k }) / Double(ranks.count)
    }
    queries = ranks.count
    (r1, r5, r10) = (share(1), share(5), share(10))
    mean = (r1 + r5 + r10) / 3
    medianRank = Recall.median(ranks)
  }

  private static func median(_ ranks: [Int?]) -> Double? {
    guard !ranks.isEmpty else { return nil }
    let sorted = ranks.sorted { ($0 ?? Int.max) < ($1 ?? Int.max) }
    // The higher of the two is nil wherever the lower is.
    guard let low = sorted[(ranks.count - 1) / 2], let high = sorted[ranks.count / 2] else { return nil }
    return Double(low + high) / 2
  }

  enum CodingKeys: String, CodingKey {
    case queries, r1, r5, r10, mean
    case medianRank = "median_rank"
  }
}
