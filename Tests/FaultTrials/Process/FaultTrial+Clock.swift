import Foundation

/// Row 28.
extension FaultTrial {
  static let clockJumps = FaultTrial(
    number: 28, name: "clocks jump: file times, the monotonic clock, the date", ranks: [2], quickRanks: [2]
  ) { setting in
    let run = try RunFolder("clock")
    try stopInTheMiddle(run, setting.ranks)
    // The newest checkpoint looks the oldest, and the oldest as if it came from tomorrow.
    for (place, name) in run.checkpoints.enumerated() {
      let date =
        place + 1 == run.checkpoints.count ? Date(timeIntervalSince1970: 0) : Date(timeIntervalSinceNow: 86_400)
      try setTimes(below: "\(run.path)/checkpoints/\(name)", to: date)
    }
    let newest = run.newestStep
    var command = try run.train(ranks: setting.ranks)
    var told = ["file times"]
    if runs(["unshare", "--time", "--monotonic", "86400", "true"]) {
      command.launcherPrefix += ["unshare", "--time", "--monotonic", "86400", "--boottime", "86400"]
      told.append("monotonic clock + 1 day")
    }
    if runs(["faketime", "-f", "-1d", "true"]) {
      command.launcherPrefix += ["faketime", "-f", "-1d"]
      told.append("date - 1 day")
    } else {
      told.append("the date not: faketime is not installed")
    }
    let result = try Oracle.expectUnbrokenEnd(of: run, by: command)
    guard result.resumedStep == newest else {
      throw TrialFailure("went on at \(result.resumedStep ?? -1) instead of step \(newest)")
    }
    return "the newest by step was taken, resume bitwise equal (\(told.joined(separator: ", ")))"
  }

  /// Stops a run by SIGUSR1 past its second checkpoint.
  static func stopInTheMiddle(_ run: RunFolder, _ ranks: Int) throws {
    let job = try run.train(ranks: ranks).armed("step.forward:sleep=15@*").start()
    guard job.wait(until: { run.metricsLineCount > 2 * World.checkpointInterval }), job.signalLauncher(SIGUSR1) else {
      throw TrialFailure("the run ended by itself: \(Oracle.excerpt(job.finish()))")
    }
    try Oracle.expect(job.finish(), 75)
  }

  private static func setTimes(below folder: String, to date: Date) throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: folder).map { "\(folder)/\($0)" }
    for path in files + [folder] {
      try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: path)
    }
  }

  /// Whether a command is there and ends with 0.
  static func runs(_ words: [String]) -> Bool {
    var command = Command(words[0], Array(words.dropFirst()))
    command.seconds = 10
    return (try? command.run().status) == 0
  }
}
