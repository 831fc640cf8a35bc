import Randomness

/// Rows 1 and 31: kill -9.
extension FaultTrial {
  static let killedRank = FaultTrial(
    number: 1, name: "a rank is killed at a random time", ranks: [2, 4, 8], quickRanks: [2]
  ) { setting in
    var stream = RandomStream(seed: setting.seed, "killed rank", setting.ranks)
    let ranks = [0, 1, setting.ranks - 1]
    var run = try KilledRun("killed-rank", ranks: setting.ranks)
    var (killCount, slowest, equal, lost) = (0, 0.0, 0, 0)
    while killCount < setting.rounds(quick: 2, full: 6) {
      if let kill = try run.kill(.rank(ranks[killCount % ranks.count]), at: .random(&stream, kind: killCount + 1)) {
        killCount += 1
        slowest = max(slowest, kill.secondsToEnd)
        lost = max(lost, kill.doneStep - kill.savedStep)
        if killCount % 3 != 0 { continue }
      }
      try run.finish()
      equal += run.resumeCount
      run = try KilledRun("killed-rank", ranks: setting.ranks)
    }
    if run.killCount > 0 {
      try run.finish()
      equal += run.resumeCount
    }
    return "\(killCount) kills, all \(equal) resumes bitwise equal, at most \(lost) steps lost, "
      + "job over within \(Figure.seconds(slowest))"
  }

  static let killedAgainAndAgain = FaultTrial(
    number: 31, name: "kill after kill, then a normal start", ranks: [2], quickRanks: [2]
  ) { setting in
    var stream = RandomStream(seed: setting.seed, "killed again and again", setting.ranks)
    var run = try KilledRun("killed-again", ranks: setting.ranks)
    var killCount = 0
    let count = setting.rounds(quick: 4, full: 50)
    while killCount < count {
      let target: KilledRun.Target =
        killCount % 2 == 0 ? .launcher : .rank(stream.integer(below: setting.ranks))
      if try run.kill(target, at: .random(&stream, kind: killCount + 1)) != nil {
        killCount += 1
      } else {
        try run.finish()
        run = try KilledRun("killed-again", ranks: setting.ranks)
      }
    }
    guard !run.memory.names.isEmpty else { throw TrialFailure("no job had shared memory: nothing was tried") }
    try run.finish()
    return "\(killCount) kills, no temporary file, lock or shared memory left"
  }
}
