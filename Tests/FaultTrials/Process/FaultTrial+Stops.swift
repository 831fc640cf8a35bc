import Foundation
import Randomness

/// Rows 8, 9 and 10: signals to the launcher.
extension FaultTrial {
  static let terminatedLauncher = FaultTrial(
    number: 8, name: "mpirun gets SIGTERM and kills its ranks soon after", ranks: [2, 4], quickRanks: [2]
  ) { setting in
    let results = try terminations(setting, variables: [:])
    return "\(results.count) stops, at most \(results.max() ?? 0) steps lost, all resumes bitwise equal"
  }

  static let terminatedLauncherWithTime = FaultTrial(
    number: 8, name: "mpirun gets SIGTERM, with a window of 30 s", ranks: [2, 4], quickRanks: []
  ) { setting in
    let results = try terminations(setting, variables: ["OMPI_MCA_odls_base_sigkill_timeout": "30"])
    guard results.allSatisfy({ $0 == 0 }) else { throw TrialFailure("steps were lost: \(results)") }
    return "\(results.count) stops, 0 steps lost, all resumes bitwise equal"
  }

  /// Stops a run so again and again; the steps that each stop lost.
  private static func terminations(_ setting: Setting, variables: [String: String]) throws -> [Int] {
    var stream = RandomStream(seed: setting.seed, "terminated", setting.ranks)
    var lost: [Int] = []
    for _ in 0..<setting.rounds(quick: 1, full: 4) {
      let run = try RunFolder("terminated")
      var command = try run.train(ranks: setting.ranks).armed(Moment.slowness)
      command.variables.merge(variables) { $1 }
      let job = try command.start()
      guard Moment.step(seconds: stream.uniform(0, 0.4)).wait(for: job, of: run), job.signalLauncher(SIGTERM) else {
        throw TrialFailure("the run ended by itself: \(Oracle.excerpt(job.finish()))")
      }
      let result = job.finish()
      // Open MPI's own code, whatever the ranks end with.
      try Oracle.expect(result, 1)
      lost.append(run.metricsLineCount - run.newestStep)
      let committed = CommittedCheckpoints(of: run)
      try Oracle.expectUnbrokenEnd(of: run, by: run.train(ranks: setting.ranks))
      try committed.expectKept(in: run)
    }
    return lost
  }

  static let userSignal = FaultTrial(
    number: 9, name: "mpirun gets SIGUSR1: first batch, steps, saves, twice", ranks: [2, 4], quickRanks: [2]
  ) { setting in
    var stream = RandomStream(seed: setting.seed, "user signal", setting.ranks)
    let count = setting.rounds(quick: 4, full: 20)
    for round in 0..<count {
      let moment: Moment =
        switch round % 4 {
        case 0: .step(seconds: 0)
        case 1: .save(seconds: stream.uniform(0, 0.06))
        default: .step(seconds: stream.uniform(0, 0.4))
        }
      try stop(setting.ranks, at: moment, isTwice: round % 4 == 3)
    }
    return "\(count) stops, 0 steps lost, all resumes bitwise equal"
  }

  private static func stop(_ ranks: Int, at moment: Moment, isTwice: Bool) throws {
    let run = try RunFolder("user-signal")
    let job = try run.train(ranks: ranks).armed(Moment.slowness).start()
    guard moment.wait(for: job, of: run), job.signalLauncher(SIGUSR1) else {
      throw TrialFailure("the run ended by itself: \(Oracle.excerpt(job.finish()))")
    }
    if isTwice {
      usleep(5_000)
      _ = job.signalLauncher(SIGUSR1)
    }
    let result = job.finish()
    try Oracle.expect(result, 75, told: "stopped after step \(run.metricsLineCount) with a checkpoint")
    guard run.newestStep == run.metricsLineCount else {
      throw TrialFailure("\(run.metricsLineCount) steps were done, the newest checkpoint is of \(run.newestStep)")
    }
    guard result.savedSteps.count == Set(result.savedSteps).count else {
      throw TrialFailure("a step was saved twice: \(result.savedSteps)")
    }
    let committed = CommittedCheckpoints(of: run)
    try Oracle.expectUnbrokenEnd(of: run, by: run.train(ranks: ranks))
    try committed.expectKept(in: run)
  }

  static let killedLauncher = FaultTrial(
    number: 10, name: "mpirun is killed, and the same command started at once", ranks: [2, 4], quickRanks: [2]
  ) { setting in
    var stream = RandomStream(seed: setting.seed, "killed launcher", setting.ranks)
    let count = setting.rounds(quick: 1, full: 6)
    for _ in 0..<count {
      let run = try RunFolder("killed-launcher")
      let job = try run.train(ranks: setting.ranks).armed(Moment.slowness).start()
      guard Moment.step(seconds: stream.uniform(0.1, 0.3)).wait(for: job, of: run), job.signalLauncher(SIGKILL) else {
        throw TrialFailure("the run ended by itself: \(Oracle.excerpt(job.finish()))")
      }
      let second = try run.train(ranks: setting.ranks).start()
      try Oracle.expect(job.finish(), 137)
      try Oracle.expect(second.finish(), 0)
      try Oracle.expectUnbrokenEnd(of: run, ranks: setting.ranks)
      try Oracle.expectNothingLeft(in: run)
    }
    return "\(count) kills, every second job waited for the first, all resumes bitwise equal"
  }
}
