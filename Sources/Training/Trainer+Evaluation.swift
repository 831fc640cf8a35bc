import Collectives
import Evaluation
import Failpoints
import Supervision
import Telemetry

extension Trainer {
  /// Evaluates on all ranks; whether it is the best so far. nil where a rank was asked to stop, or the time of the run
  /// is over but for a save: the evaluation is due then when the run goes on.
  func evaluate() throws -> Bool? {
    state.evaluationIsDue = false
    guard let evaluationShards else { return false }
    let deadline = monotonicSeconds() + (try secondsToEvaluate())
    try Failpoint.evaluationBegin.hit()
    let evaluator = Evaluator(
      model: model, tokenizer: tokenizer, backend: backend, communicator: communicator,
      configuration: EvaluationOptions(
        model: RetrievalReport.ModelOrigin(step: state.step, precision: state.precision.rawValue)),
      textEncoder: textEncoder.flatMap {
        evaluationShards.hasTexts(by: $0.name, for: configuration.model) ? nil : $0
      },
      isStopRequested: { [self] in mustStop(by: deadline) })
    let report: RetrievalReport
    do {
      report = try evaluator.evaluate(evaluationShards) { progress.follow($0, step: state.step) }
    } catch is EvaluationStopped {
      logger.notice("the evaluation of step \(state.step) is put off: the run stops")
      state.evaluationIsDue = true
      return nil
    }
    let recall = report.overall.mean
    try recorder?.record(report, step: state.step)
    logger.info(
      "step \(state.step): R@1 \(percent(report.overall.r1)), R@5 \(percent(report.overall.r5)), "
        + "R@10 \(percent(report.overall.r10)), R@mean \(percent(recall))")
    guard recall > state.best?.recall ?? -1 else { return false }
    state.best = RunState.Best(step: state.step, recall: recall)
    return true
  }

  /// Whether this rank was asked to stop, or it is too late to go on: it then waits for the others.
  private func mustStop(by deadline: Double) -> Bool {
    guard StopSignals.isRequested || monotonicSeconds() > deadline else { return false }
    progress.enter(.gathering, step: state.step)
    return true
  }

  private func percent(_ share: Double) -> String {
    let hundredths = Int((share * 10_000).rounded())
    return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100) %"
  }
}
