import Collectives
import Faults
import Telemetry

extension Trainer {
  func beginTimeBudget() {
    guard communicator.isLeader, let timeLimit else { return }
    let left = timeLimit - ProcessAge.seconds()
    timeBudget = TimeBudget(
      deadline: monotonicSeconds() + left, checkpointByteCount: TrainingCheckpoint.byteCount(arena))
  }

  /// The budget, with what the last save has taken.
  private var currentBudget: TimeBudget? {
    guard var timeBudget else { return nil }
    if let seconds = saver?.saveSeconds { timeBudget.addSave(seconds: seconds) }
    return timeBudget
  }

  /// Whether the coming step and a save do not fit into the time that is left; tells so.
  var isTimeSpent: Bool {
    guard let timeBudget = currentBudget, state.step < plan.stepCount else { return false }
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

  /// Seconds in which an evaluation must be over, on every rank; without a limit there are enough. Collective.
  func secondsToEvaluate() throws -> Double {
    let seconds = currentBudget?.secondsToSave(at: monotonicSeconds(), isSaving: saver?.isSaving ?? false)
    return Double(try communicator.allReduceMin(seconds.map { Int(max(0, $0) * 1e3) } ?? .max)) * 1e-3
  }

  /// Throws on all ranks where the evaluation that the run goes on with has not even fitted into a whole limit: it would
  /// be given up for ever.
  func checkTimeToEvaluate() throws {
    _ = try communicator.together {
      guard let timeBudget = currentBudget, !StopSignals.isRequested,
        timeBudget.secondsToSave(at: monotonicSeconds()) <= 0
      else { return }
      throw Fault(
        .configuration, "--max-time is too short for the evaluation of step \(state.step)", at: path,
        remedy: "Give a longer one, or evaluate with sgmn-eval and leave out evaluation.shards")
    }
  }

  /// As `evaluate`, which counts towards the time that the run has.
  func evaluateInTime() throws -> Bool? {
    progress.enter(.evaluation, step: state.step)
    let started = monotonicSeconds()
    defer { timeBudget?.addEvaluation(seconds: monotonicSeconds() - started) }
    return try evaluate()
  }
}
