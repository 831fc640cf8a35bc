import Evaluation
import Telemetry

/// What a person sees of a run: the progress line and `metrics.jsonl`. Rank 0 alone has one.
final class StepRecorder {
  private let metrics: MetricsLog
  private let progress: ProgressBar
  private let stepCount: Int
  private var timer = StepTimer()

  /// - Parameter evaluationIsDue: whether the restored step is yet to be evaluated; what the log has of that, from a
  ///   process that was killed before it could save, is made again.
  init(_ folder: RunFolder, restoredStep: Int, evaluationIsDue: Bool, stepCount: Int) throws {
    metrics = try MetricsLog(
      path: folder.metrics, restoredStep: restoredStep, dropping: evaluationIsDue ? "recall_mean" : nil)
    progress = ProgressBar()
    self.stepCount = stepCount
  }

  /// A step begins.
  func begin() { timer.start() }

  func record(_ result: TrainingStep.Result, state: RunState, learningRate: Double, globalBatch: Int) throws {
    let seconds = timer.finish(waitSeconds: result.summary.waitSeconds)
    let rate = Double(globalBatch) / max(seconds, 1e-9)
    var fields: [(name: String, value: MetricValue)] = [("epoch", .integer(state.epoch))]
    fields += result.summary.losses.map { ($0.name == "total" ? "loss" : "loss_\($0.name)", .number($0.value)) }
    fields += [
      ("learning_rate", .number(learningRate)), ("gradient_norm", .number(result.gradientNorm)),
      ("step_seconds", .number(seconds)), ("pairs_per_second", .number(rate)),
      ("data_wait_seconds", .number(result.summary.waitSeconds)),
      ("data_wait_share", .number(min(1, result.summary.waitSeconds / max(seconds, 1e-9)))),
      ("communication_seconds", .number(result.summary.communicationSeconds)),
      ("replaced_samples", .integer(state.replacedSamples.count)), ("skipped_steps", .integer(state.skippedSteps)),
    ]
    if let error = result.gradientSum.wireError { fields.append(("wire_error", .number(error))) }
    try metrics.append(step: state.step, fields)
    let perStep = timer.secondsPerStep ?? seconds
    progress.update(
      ProgressState(
        step: state.step, stepCount: stepCount,
        losses: result.summary.losses.map { (name: $0.name == "total" ? "loss" : $0.name, value: $0.value) },
        pairsPerSecond: Double(globalBatch) / max(perStep, 1e-9), dataWaitShare: timer.waitShare,
        secondsLeft: Double(stepCount - state.step) * perStep))
  }

  func record(_ report: RetrievalReport, step: Int) throws {
    try metrics.append(
      step: step,
      [
        ("recall_1", .number(report.overall.r1)), ("recall_5", .number(report.overall.r5)),
        ("recall_10", .number(report.overall.r10)), ("recall_mean", .number(report.overall.mean)),
      ])
  }

  func close() throws {
    progress.finish()
    try metrics.close()
  }
}
