import Foundation

/// Row 11.
extension FaultTrial {
  static let sharedFolder = FaultTrial(
    number: 11, name: "two jobs start together in one folder", ranks: [2], quickRanks: [2]
  ) { setting in
    let count = setting.rounds(quick: 2, full: 100)
    for round in 0..<count { try race(setting.ranks, hasStaleLock: round % 2 == 1) }
    return "\(count) races, each time one ran and the other ended with 73 and named it"
  }

  /// - Parameter hasStaleLock: Whether the file of a lock whose holder is dead lies in the folder.
  private static func race(_ ranks: Int, hasStaleLock: Bool) throws {
    let run = try RunFolder("raced")
    if hasStaleLock {
      try FileManager.default.createDirectory(atPath: run.path, withIntermediateDirectories: true)
      try Data("host nowhere\npid 1\n".utf8).write(to: URL(fileURLWithPath: "\(run.path)/.lock"))
    }
    // A run that outlasts the other's patience.
    let command = try run.train(ranks: ranks).armed("step.forward:sleep=1000@*")
    let jobs = [try command.start(), try command.start()]
    while jobs.allSatisfy(\.isRunning) { usleep(10_000) }
    guard let winner = jobs.first(where: \.isRunning), let loser = jobs.first(where: { !$0.isRunning }) else {
      throw TrialFailure("both ended: \(jobs.map { Oracle.excerpt($0.finish()) })")
    }
    let holder = winner.processes.first { $0.rank == 0 }?.id ?? 0
    try Oracle.expect(loser.finish(), 73, told: "Wait until it ends, or choose another folder")
    guard loser.standardError.contains("pid \(holder)") else {
      throw TrialFailure("the holder, pid \(holder), is not named: \(loser.standardError)")
    }
    guard winner.wait(until: { winner.isInLoop && run.metricsLineCount > 0 }), winner.signalLauncher(SIGUSR1) else {
      throw TrialFailure("the other job does not run: \(Oracle.excerpt(winner.finish()))")
    }
    try Oracle.expect(winner.finish(), 75)
    try Oracle.expectUnbrokenEnd(of: run, by: run.train(ranks: ranks))
  }
}
