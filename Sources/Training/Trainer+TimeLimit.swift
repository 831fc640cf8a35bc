import Telemetry

extension Trainer {
  func beginTimeBudget() {
    guard communicator.isLeader, let timeLimit else { return }
    let left = timeLimit - ProcessAge.seconds()
    timeBudget = TimeBudget(
      deadline: monotonicSeconds() + left, checkpointByteCount: TrainingCheckpoint.byteCount(arena))
  }

  /// Whether the coming step and a save do not fit into the time that is left; tells so.
  var isTimeSpent: Bool {
    guard var timeBudget, state.step < plan.stepCount else { return false }
    if let seconds = saver?.saveSeconds { timeBudget.addSave(seconds: seconds) }
    let (now, evaluates) = (monotonicSeconds(), plan.evaluates(after: state.step))
    guard timeBudget.isSpent(at: now, evaluates: evaluates, isSaving: saver?.isSaving ?? false) else { return false }
    let left = Format.duration(seconds: timeBudget.deadline - now)
    if timeBudget.hasSteps {
      logger.notice("\(left) left of --max-time: the run stops here")
    } else {
      logger.warning("\(left) left of --max-time, too few for a step: give a longer one")
    }
    return true
  }

  /// As `evaluate`, which counts towards the time that the run has.
  func evaluateInTime() throws -> Bool? {
    progress.enter(.evaluation, step: state.step)
    let started = monotonicSeconds()
    defer { timeBudget?.addEvaluation(seconds: monotonicSeconds() - started) }
    return try evaluate()
  }
}
