import Faults

/// What people are told of a hang.
struct HangReport {
  var hang: Hang
  /// All that the telling rank knows of.
  var ranks: [WatchedRank]
  /// Of all ranks, by rank.
  var identities: [RankIdentity]
  /// Whether there are checkpoints that the same command goes on from.
  var isOfRun = true
  /// What raises the limits.
  var option = "safety.hang_seconds"

  var fault: Fault {
    let culprits = ranks.filter { hang.culprits.contains($0.rank) }
    let names = culprits.prefix(8).map(sentence).joined(separator: "; ")
    let rest = culprits.count > 8 ? "; and \(culprits.count - 8) more" : ""
    return Fault(
      .hang, "\(headline): \(names)\(rest)",
      remedy: "Run the same command again\(isOfRun ? "; it goes on from its last checkpoint" : ""). \(remedy)")
  }

  /// A line for each rank, under a line of titles.
  var table: String {
    let head = ["rank", "host", "pid", "phase", "step", "for", "last heard", "samples"]
    let rows = [head] + ranks.map(row)
    let widths = head.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      var line = ""
      for (cell, width) in zip(row, widths) { line += cell + String(repeating: " ", count: width - cell.count + 2) }
      return String(line.reversed().drop { $0 == " " }.reversed())
    }.joined(separator: "\n")
  }

  private var headline: String {
    switch hang.reason {
    case .silent: "no sign of life"
    case .works: "no progress, and the others wait"
    case .waits: "no progress, and all ranks wait"
    }
  }

  private var remedy: String {
    switch hang.reason {
    case .silent: "Look whether the process was stopped, and whether its machine and the network are well"
    case .works: "Look at the machine, its disk and its GPU; where the work only takes long, raise \(option)"
    case .waits: "Look at the network; where it is only slow, raise \(option)"
    }
  }

  private func sentence(_ rank: WatchedRank) -> String {
    let identity = identities[rank.rank]
    let time =
      hang.reason == .silent
      ? "not heard of for \(seconds(rank.silence)), last" : "for \(seconds(rank.seconds))"
    return "rank \(rank.rank) on \(identity.host) (pid \(identity.processID)), \(time) in \(rank.heartbeat.position)"
  }

  private func row(_ rank: WatchedRank) -> [String] {
    let identity = identities[rank.rank]
    return [
      "\(rank.rank)", identity.host, "\(identity.processID)", rank.heartbeat.phase.name,
      "\(rank.heartbeat.shownStep)", seconds(rank.seconds), "\(seconds(rank.silence)) ago",
      rank.heartbeat.samples.isEmpty ? "-" : rank.heartbeat.samples.joined(separator: " "),
    ]
  }

  private func seconds(_ value: Double) -> String { "\(Int(value.rounded())) s" }
}

extension Heartbeat {
  /// People count steps from 1, ranks from 0; what follows an update bears the number of the steps that are done.
  var shownStep: Int {
    switch phase {
    case .orders, .data, .forward, .backward, .exchange, .update: step + 1
    case .starting, .comparison, .evaluation, .gathering, .checkpoint, .ending, .work: step
    }
  }

  /// `forward of step 5`.
  var position: String {
    switch phase {
    case .starting: "the start"
    case .work: "its work"
    default: "\(phase.name) of step \(shownStep)"
    }
  }
}
