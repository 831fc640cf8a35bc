import Foundation

/// The profile of a run for people: where a step goes, then its operators.
struct ProfileTable {
  /// Of all ranks, in rank order.
  let ranks: [ProfileSummary]
  /// Operators with a line of their own; the rest is one line.
  var operatorLimit = 40

  var text: String {
    let steps = ranks.map(\.stepCount).min() ?? 0
    guard steps > 0 else { return "profile: no step was recorded\n" }
    let milliseconds = ranks.map { 1000 * $0.stepSeconds / Double($0.stepCount) }
    let mean = milliseconds.reduce(0, +) / Double(ranks.count)
    var lines = [
      "profile of \(steps) steps on \(ranks.count) rank(s): \(decimal(mean, 1)) ms a step", "",
      row("", ["ms a step", "share", "worst rank", "share"]),
    ]
    for phase in StepPhase.allCases { lines.append(phaseRow(phase.title) { $0.seconds(of: phase) }) }
    lines.append(phaseRow("other") { $0.otherSeconds })
    lines += ["", row("operator", ["calls/step", "ms/step", "share", "GFLOP/s", "GB/s"])]
    return (lines + operatorRows).map { $0 + "\n" }.joined()
  }

  private func phaseRow(_ title: String, _ seconds: (ProfileSummary) -> Double) -> String {
    let perStep = ranks.map { 1000 * seconds($0) / Double($0.stepCount) }
    let shares = ranks.map { $0.stepSeconds > 0 ? seconds($0) / $0.stepSeconds : 0 }
    let count = Double(ranks.count)
    let worst = perStep.indices.max { perStep[$0] < perStep[$1] } ?? 0
    return row(
      title,
      [
        decimal(perStep.reduce(0, +) / count, 1), percent(shares.reduce(0, +) / count),
        decimal(perStep[worst], 1) + (ranks.count > 1 ? " (\(ranks[worst].rank))" : ""), percent(shares[worst]),
      ])
  }

  private var operatorRows: [String] {
    var sums: [String: ProfileSummary.Operator] = [:]
    for rank in ranks {
      for part in rank.operators {
        var sum =
          sums[part.name]
          ?? ProfileSummary.Operator(name: part.name, count: 0, seconds: 0, floatingOperationCount: 0, byteCount: 0)
        sum.count += part.count
        sum.seconds += part.seconds
        sum.floatingOperationCount += part.floatingOperationCount
        sum.byteCount += part.byteCount
        sums[part.name] = sum
      }
    }
    var all = sums.values.sorted { ($0.seconds, $0.name) > ($1.seconds, $1.name) }
    if all.count > operatorLimit {
      let rest = all[(operatorLimit - 1)...]
      all = Array(all.prefix(operatorLimit - 1))
      all.append(
        ProfileSummary.Operator(
          name: "\(rest.count) more", count: rest.reduce(0) { $0 + $1.count },
          seconds: rest.reduce(0) { $0 + $1.seconds },
          floatingOperationCount: rest.reduce(0) { $0 + $1.floatingOperationCount },
          byteCount: rest.reduce(0) { $0 + $1.byteCount }))
    }
    return all.map(operatorRow)
  }

  private func operatorRow(_ sum: ProfileSummary.Operator) -> String {
    let steps = Double(ranks.reduce(0) { $0 + $1.stepCount })
    let total = ranks.reduce(0) { $0 + $1.stepSeconds }
    let rate = { (amount: Int) in sum.seconds > 0 && amount > 0 ? decimal(Double(amount) / sum.seconds / 1e9, 1) : "-" }
    return row(
      sum.name,
      [
        decimal(Double(sum.count) / steps, 1), decimal(1000 * sum.seconds / steps, 2),
        percent(total > 0 ? sum.seconds / total : 0), rate(sum.floatingOperationCount), rate(sum.byteCount),
      ])
  }

  private func row(_ title: String, _ columns: [String]) -> String {
    let name = title + String(repeating: " ", count: max(0, 44 - title.count))
    return columns.reduce(name) { $0 + String(repeating: " ", count: max(1, 13 - $1.count)) + $1 }
  }

  private func decimal(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
  private func percent(_ share: Double) -> String { decimal(100 * share, 1) + " %" }
}
