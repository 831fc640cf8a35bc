import Randomness

/// Kills at random, round after round, and what became of the checkpoints: the figures of docs/reliability.md.
package struct KillCampaign {
  private let ranks: Int
  private var stream: RandomStream
  private var current: KilledRun
  private var killCount = 0
  private var phases: [KilledRun.Kill.Phase: Int] = [:]
  private var committedCount = 0
  private var resumeCount = 0
  private var finishedCount = 0

  /// Steps between two checkpoints: few, so that saves are a good part of a run.
  private static let interval = 3

  package init(ranks: Int, seed: UInt64) throws {
    self.ranks = ranks
    stream = RandomStream(seed: seed, "kill campaign", ranks)
    current = try KilledRun("campaign", ranks: ranks, interval: KillCampaign.interval)
  }

  /// Kills `count` times. Every run that reaches its end is compared with one that nothing disturbed, as is the last.
  ///
  /// - Parameter say: Told a line a round.
  /// - Throws: a `TrialFailure` at the first checkpoint that is lost, the first resume that is not bitwise equal.
  package mutating func run(count: Int, say: (String) -> Void) throws -> String {
    var round = 0
    while killCount < count {
      round += 1
      let target = stream.integer(below: ranks + 1)
      let kill = try current.kill(target == ranks ? .launcher : .rank(target), at: .random(&stream))
      guard let kill else {
        try finish()
        say("round \(round): reached its end, bitwise that of an undisturbed run")
        continue
      }
      killCount += 1
      phases[kill.phase, default: 0] += 1
      let from = kill.result.resumedStep.map { "started at step \($0), " } ?? ""
      say(
        "round \(round): \(from)\(target == ranks ? "mpirun" : "rank \(target)") killed in \(kill.phase.rawValue), "
          + "\(kill.doneStep) steps done, "
          + (kill.savedStep > 0 ? "checkpoint of step \(kill.savedStep) whole, " : "no checkpoint yet, ")
          + "over in \(Figure.seconds(kill.secondsToEnd))")
    }
    try finish()
    return summary
  }

  private mutating func finish() throws {
    try current.finish()
    committedCount += current.committed.names.count
    resumeCount += current.resumeCount
    finishedCount += 1
    current = try KilledRun("campaign", ranks: ranks, interval: KillCampaign.interval)
  }

  /// Nothing that failed is in it: a failure ends the campaign.
  private var summary: String {
    let byPhase = KilledRun.Kill.Phase.allCases.map { "\($0.rawValue) \(phases[$0] ?? 0)" }.joined(separator: ", ")
    return """
      kills                          \(killCount) (\(byPhase))
      committed checkpoints seen     \(committedCount)
      committed checkpoints lost     0
      resumes from a checkpoint      \(resumeCount)
      resumes bitwise equal          \(resumeCount), in \(finishedCount) runs to their end
      chance of a loss per kill      p < \(Figure.percent(min(1, 3 / Double(killCount)))) at 95 % (0 of \(killCount))
      """
  }
}
