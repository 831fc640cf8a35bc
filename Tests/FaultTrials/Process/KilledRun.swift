import Foundation

/// A run that is killed again and again, and each time started by the same command, until it reaches its end.
package struct KilledRun {
  /// Who is killed.
  package enum Target: Sendable {
    case rank(Int)
    case launcher
  }

  /// What a kill met, and what it cost.
  package struct Kill {
    package enum Phase: String, CaseIterable, Sendable { case start, step, save }
    package var phase: Phase
    package var result: Job.Result
    /// From the signal to the end of the launcher.
    package var secondsToEnd: Double
    /// Steps in `metrics.jsonl` and the step of the newest checkpoint, at the death.
    package var doneStep: Int
    package var savedStep: Int
  }

  package let run: RunFolder
  let ranks: Int
  let settings: [String]
  package private(set) var committed = CommittedCheckpoints()
  package private(set) var killCount = 0
  /// Starts that went on from a checkpoint.
  package private(set) var resumeCount = 0
  private let interval: Int
  /// The shared memory of its jobs.
  package private(set) var memory = SharedMemory()

  /// - Parameter interval: Steps between two checkpoints.
  package init(_ name: String, ranks: Int, interval: Int = World.checkpointInterval) throws {
    run = try RunFolder(name)
    (self.ranks, self.interval) = (ranks, interval)
    settings = interval == World.checkpointInterval ? [] : ["checkpoint.every=\(interval)"]
  }

  private func command() throws -> Command {
    try run.train(ranks: ranks, settings: settings).armed(Moment.slowness)
  }

  /// Starts the run and kills it at `moment`, and looks at what is left; nil where it reached its end before.
  package mutating func kill(_ target: Target, at moment: Moment) throws -> Kill? {
    let savedBefore = run.newestStep
    let job = try command().start()
    let isThere = moment.wait(for: job, of: run)
    committed.add(run)
    memory.add(job)
    let phase: Kill.Phase = !job.isInLoop ? .start : run.isSaving ? .save : .step
    let time = DispatchTime.now().uptimeNanoseconds
    let isHit = isThere && signal(target, job)
    if isHit, !job.ends(within: 30) {
      throw TrialFailure("30 s after \(target) was killed in its \(phase) the job goes on: \(job.state)")
    }
    let result = job.finish()
    let seconds = Double(DispatchTime.now().uptimeNanoseconds - time) / 1e9
    try check(resumed: result, from: savedBefore)
    guard isHit, result.status != 0 else {
      try Oracle.expect(result, 0)
      return nil
    }
    killCount += 1
    try Oracle.expect(result, 137)
    try committed.expectKept(in: run)
    try CommittedCheckpoints.expectAnnounced(by: result, in: run)
    committed.add(run)
    let kill = Kill(
      phase: phase, result: result, secondsToEnd: seconds, doneStep: run.metricsLineCount, savedStep: run.newestStep)
    // While a checkpoint is on its way to the disk the steps go on, and until its folder is there nothing shows it: what
    // comes first is a flush, which takes as long as the disk likes.
    guard kill.doneStep - kill.savedStep <= 2 * interval else {
      throw TrialFailure("\(kill.doneStep) steps were done, the newest checkpoint is of step \(kill.savedStep)")
    }
    return kill
  }

  private func signal(_ target: Target, _ job: Job) -> Bool {
    switch target {
    case .launcher: return job.signalLauncher(SIGKILL)
    // Before the ranks are there, there is only a launcher to kill.
    case .rank(let rank): return job.signal(SIGKILL, rank: rank) || !job.isInLoop && job.signalLauncher(SIGKILL)
    }
  }

  /// Throws where a start did not go on from the newest checkpoint.
  private mutating func check(resumed result: Job.Result, from saved: Int) throws {
    guard let step = result.resumedStep else { return }
    guard step == saved else {
      throw TrialFailure("the run went on at step \(step), the newest checkpoint was of step \(saved)")
    }
    if step > 0 { resumeCount += 1 }
  }

  /// Runs it to its end, which must be that of a run that nothing disturbed.
  @discardableResult
  package mutating func finish() throws -> Job.Result {
    let saved = run.newestStep
    try memory.age()
    let result = try Oracle.expectUnbrokenEnd(
      of: run, by: run.train(ranks: ranks, settings: settings), settings: settings, since: memory)
    try check(resumed: result, from: saved)
    try committed.expectKept(in: run)
    return result
  }
}
