import Foundation

/// Rows 12, 13 and 14: ranks that are silent, slow, or gone their own way.
extension FaultTrial {
  private static let patience = "safety.hang_seconds=3"

  static let silentRank = FaultTrial(
    number: 12, name: "a rank is stopped for good in a step", ranks: [2, 4, 8], quickRanks: [2]
  ) { setting in
    let rank = setting.ranks - 1
    for phase in setting.isQuick ? ["forward"] : ["forward", "backward", "exchange", "update", "data"] {
      let run = try RunFolder("silent")
      try silence(run, setting.ranks, "step.\(phase):stop@8#\(rank)", told: "rank \(rank)", phase)
    }
    return "found, named with its phase, no process left; resumes bitwise equal"
  }

  static let silentRankWhileSaving = FaultTrial(
    number: 12, name: "the rank that saves is stopped for good", ranks: [2, 4], quickRanks: []
  ) { setting in
    let run = try RunFolder("silent-saving")
    try silence(run, setting.ranks, "checkpoint.written:stop@2", told: "rank 0")
    return "found, named, no process left; the checkpoint before it is whole; resume bitwise equal"
  }

  private static func silence(_ run: RunFolder, _ ranks: Int, _ failpoint: String, told: String...) throws {
    let result = try run.train(ranks: ranks, settings: [patience]).armed(failpoint).run()
    try Oracle.expect(result, 81)
    for part in told where !result.standardError.contains(part) {
      throw TrialFailure("\(part.debugDescription) is not told: \(Oracle.excerpt(result))")
    }
    let records = try run.errorRecords.map { try String(decoding: run.bytes($0), as: UTF8.self) }
    guard records.contains(where: { text in told.allSatisfy { text.contains($0) } }) else {
      throw TrialFailure("no record names \(told): \(records)")
    }
    let committed = CommittedCheckpoints(of: run)
    try committed.expectKept(in: run)
    try Oracle.expectUnbrokenEnd(of: run, by: run.train(ranks: ranks))
  }

  static let pausedRank = FaultTrial(
    number: 13, name: "a rank is paused for 0.2 s in every step", ranks: [2, 4], quickRanks: [2]
  ) { setting in
    let run = try RunFolder("paused")
    let job = try run.train(ranks: setting.ranks).start()
    let most = setting.isQuick ? 8 : World.stepCount
    var (pauses, seen) = (0, 0)
    while pauses < most, job.wait(milliseconds: 2, until: { run.metricsLineCount > seen }) {
      seen = run.metricsLineCount
      guard job.signal(SIGSTOP, rank: 1) else { break }
      usleep(200_000)
      guard job.signal(SIGCONT, rank: 1) else { break }
      pauses += 1
    }
    let result = job.finish()
    try Oracle.expect(result, 0)
    guard pauses > 1 else { throw TrialFailure("the run was over after \(pauses) pauses") }
    try Oracle.expectUnbrokenEnd(of: run, ranks: setting.ranks)
    return "\(pauses) pauses, no false alarm, the end is bitwise the same"
  }

  static let slowRank = FaultTrial(
    number: 13, name: "a rank is slower than the others", ranks: [2, 4], quickRanks: [2]
  ) { setting in
    let rank = setting.ranks - 1
    let run = try RunFolder("slow")
    let result = try run.train(ranks: setting.ranks).armed("step.backward:sleep=150@*#\(rank)").run()
    try Oracle.expect(result, 0)
    let lines = result.standardError.split(separator: "\n")
    let isNamed = { (line: Substring) in
      line.contains("rank \(rank)") && line.contains("slower") && line.contains("backward")
    }
    guard lines.contains(where: isNamed) else {
      throw TrialFailure("no line calls rank \(rank) slower in backward: \(Oracle.excerpt(result))")
    }
    try Oracle.expectUnbrokenEnd(of: run, ranks: setting.ranks)
    return "named with its phase, the end is bitwise the same"
  }

  static let rankThatLeaves = FaultTrial(
    number: 14, name: "a rank believes the run is over", ranks: [2, 4, 8], quickRanks: [2]
  ) { setting in
    let rank = setting.ranks - 1
    let run = try RunFolder("leaving")
    let result = try run.train(ranks: setting.ranks).armed("loop.left:fire@9#\(rank)").run()
    try Oracle.expect(result, 70)
    try Oracle.expectRecord(in: run, 70, told: "rank \(rank)")
    guard result.standardError.contains("rank \(rank)") else {
      throw TrialFailure("rank \(rank) is not named: \(Oracle.excerpt(result))")
    }
    let committed = CommittedCheckpoints(of: run)
    try committed.expectKept(in: run)
    try Oracle.expectUnbrokenEnd(of: run, by: run.train(ranks: setting.ranks))
    return "no hang, the rank is named, resume bitwise equal"
  }
}
