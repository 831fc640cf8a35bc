/// How often each entry of a plan was hit in one process.
struct FailpointHits {
  private let entries: [FailpointPlan.Entry]
  private var counts: [Int]

  init(_ plan: FailpointPlan, rank: Int) {
    entries = plan.entries.filter { $0.rank == nil || $0.rank == rank }
    counts = Array(repeating: 0, count: entries.count)
  }

  /// Counts a hit of the place; the actions that are due at it, each entry counting its own hits.
  mutating func due(_ point: Failpoint) -> [FailpointPlan.Action] {
    var actions: [FailpointPlan.Action] = []
    for index in entries.indices where entries[index].point == point {
      counts[index] += 1
      let entry = entries[index]
      if counts[index] == entry.firstHit || entry.repeats && counts[index] > entry.firstHit {
        actions.append(entry.action)
      }
    }
    return actions
  }
}
