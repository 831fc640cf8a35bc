/// A rank that takes longer than the others for a part of a step that waits for nobody.
struct Straggler: Sendable, Equatable {
  var rank: Int
  /// Its place among the parts.
  var part: Int
  var seconds: Double
  /// The median of the others.
  var othersSeconds: Double
}

/// Who is slow: a function of the paces of all ranks.
enum StragglerDecision {
  /// The ranks whose time for a part is more than `factor` × the median of the others', and by so much that it is worth
  /// telling.
  static func stragglers(_ paces: [RankPace], parts: [StepPart], factor: Double) -> [Straggler] {
    guard paces.count > 1, factor > 0 else { return [] }
    let stepSeconds = median(paces.map(\.stepSeconds))
    return parts.indices.flatMap { part in
      let excess = max(parts[part].leastSeconds, parts[part].leastShare * stepSeconds)
      return paces.indices.compactMap { rank -> Straggler? in
        let others = median(paces.indices.filter { $0 != rank }.map { paces[$0].seconds[part] })
        let own = paces[rank].seconds[part]
        guard own > factor * others, own - others >= excess else { return nil }
        return Straggler(rank: rank, part: part, seconds: own, othersSeconds: others)
      }
    }
  }
}
