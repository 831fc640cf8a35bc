import Foundation

/// Tells of ranks that are slow in two windows in a row, of each and each part of a step at most once a minute.
public struct StragglerWatch: Sendable {
  private struct Key: Hashable { let rank, part: Int }

  private static let silentSeconds = 60.0

  private let factor: Double
  private let parts: [StepPart]
  private let hosts: [String]
  private var last: Set<Key> = []
  private var told: [Key: Double] = [:]

  /// - Parameters:
  ///   - factor: how many times as long as the others a slow rank takes; 0 tells of none.
  ///   - parts: what paces measure.
  ///   - hosts: of all ranks, by rank.
  public init(factor: Double, parts: [StepPart], hosts: [String]) {
    (self.factor, self.parts, self.hosts) = (factor, parts, hosts)
  }

  /// The lines to log after a window.
  ///
  /// - Parameters:
  ///   - paces: of all ranks, by rank.
  ///   - now: seconds of a clock that only goes forward.
  public mutating func lines(_ paces: [RankPace], at now: Double) -> [String] {
    let stragglers = StragglerDecision.stragglers(paces, parts: parts, factor: factor)
    let before = last
    last = Set(stragglers.map { Key(rank: $0.rank, part: $0.part) })
    return stragglers.compactMap { straggler in
      let key = Key(rank: straggler.rank, part: straggler.part)
      guard before.contains(key), told[key].map({ now - $0 >= Self.silentSeconds }) ?? true else { return nil }
      told[key] = now
      return line(straggler)
    }
  }

  /// `rank 3 on node7 is 3.1 × slower than the others in forward (310 ms against 100 ms a step)`
  private func line(_ straggler: Straggler) -> String {
    let ratio = straggler.seconds / straggler.othersSeconds
    let factor = ratio < 1_000 ? String(format: "%.1f × slower", ratio) : "more than 1,000 × slower"
    let part = parts[straggler.part].name
    return "rank \(straggler.rank) on \(hosts[straggler.rank]) is \(factor) than the others in \(part) "
      + "(\(milliseconds(straggler.seconds)) against \(milliseconds(straggler.othersSeconds)) a step)"
  }

  private func milliseconds(_ seconds: Double) -> String { String(format: "%.0f ms", seconds * 1e3) }
}
