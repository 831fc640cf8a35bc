/// Ranks that keep the others waiting for ever.
struct Hang: Sendable, Equatable {
  enum Reason: Sendable {
    /// Their processes say nothing any more: stopped, or their machine is gone.
    case silent
    /// Their processes live, and work on something that does not end.
    case works
    /// All ranks wait for each other, and these have got the least far.
    case waits
  }

  var culprits: [Int]
  var reason: Reason
}

/// Whether a run hangs, and through whom: a function of what one rank knows of all.
enum HangDecision {
  /// Rank 0 watches all ranks and rank 1 stands in for it: these two hear all, and all hear these two.
  static func peers(of rank: Int, rankCount: Int) -> [Int] {
    (0..<(rank < 2 ? rankCount : min(2, rankCount))).filter { $0 != rank }
  }

  /// nil while nothing is wrong, or while a rank before `watcher` is there to act.
  static func hang(_ ranks: [WatchedRank], watcher: Int, limits: HangLimits) -> Hang? {
    // Of the ranks that know the first two alone, the lowest living one shall be first.
    let patience = watcher < 2 ? 0 : 0.5 * Double(min(watcher - 1, 10))
    let silent = ranks.filter { $0.silence > limits.floor + patience }.map(\.rank)
    guard (0..<min(watcher, 2)).allSatisfy(silent.contains) else { return nil }
    if !silent.isEmpty { return Hang(culprits: silent, reason: .silent) }
    guard ranks.allSatisfy({ $0.seconds > limits.limit(of: $0.heartbeat.phase) }) else { return nil }
    // A rank that stopped fell silent when the run stood still, so both limits end at about the same time.
    let fading = ranks.filter { $0.silence > limits.floor / 4 }.map(\.rank)
    guard fading.isEmpty else { return Hang(culprits: fading, reason: .silent) }
    let working = ranks.filter { !$0.heartbeat.phase.waits }
    guard working.isEmpty else { return Hang(culprits: working.map(\.rank), reason: .works) }
    return Hang(culprits: asleep(among: hindmost(of: ranks)).map(\.rank), reason: .waits)
  }

  /// Those at the earliest step and phase.
  private static func hindmost(of ranks: [WatchedRank]) -> [WatchedRank] {
    func position(_ rank: WatchedRank) -> (Int, Int) { (rank.heartbeat.step, rank.heartbeat.phase.place) }
    guard let first = ranks.map(position).min(by: <) else { return [] }
    return ranks.filter { position($0) == first }
  }

  /// Who waits in MPI asks again and again, and takes a processor for it. Where some of the ranks take none, they wait for
  /// something else, and it is them.
  private static func asleep(among ranks: [WatchedRank]) -> [WatchedRank] {
    func isAsleep(_ rank: WatchedRank) -> Bool {
      rank.heartbeat.processorSeconds.map { $0 < 0.001 * rank.heartbeat.seconds } ?? false
    }
    let asleep = ranks.filter(isAsleep)
    return asleep.isEmpty ? ranks : asleep
  }
}
