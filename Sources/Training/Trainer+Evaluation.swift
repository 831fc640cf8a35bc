import Evaluation
import Supervision
import Telemetry

extension Trainer {
  /// Evaluates on all ranks; whether it is the best so far.
  func evaluate() throws -> Bool {
    guard let evaluationShards else { return false }
    let evaluator = Evaluator(
      model: model, tokenizer: tokenizer, backend: backend, communicator: communicator,
      configuration: EvaluationOptions(
        model: RetrievalReport.ModelOrigin(step: state.step, precision: state.precision.rawValue)),
      textEncoder: textEncoder.flatMap {
        evaluationShards.hasTexts(by: $0.name, for: configuration.model) ? nil : $0
      })
    let report = try evaluator.evaluate(evaluationShards) { follow($0) }
    let recall = report.overall.mean
    try recorder?.record(report, step: state.step)
    logger.info(
      "step \(state.step): R@1 \(percent(report.overall.r1)), R@5 \(percent(report.overall.r5)), "
        + "R@10 \(percent(report.overall.r10)), R@mean \(percent(recall))")
    guard recall > state.best?.recall ?? -1 else { return false }
    state.best = RunState.Best(step: state.step, recall: recall)
    return true
  }

  /// Tells the watchdog how far this rank is: after its last item of a phase it waits for the others.
  private func follow(_ evaluation: EvaluationProgress) {
    if evaluation.done == evaluation.total {
      progress.enter(.gathering, step: state.step)
    } else if evaluation.done == 0 {
      progress.enter(.evaluation, step: state.step)
    } else {
      progress.tick(.evaluation)
    }
  }

  private func percent(_ share: Double) -> String {
    let hundredths = Int((share * 10_000).rounded())
    return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100) %"
  }
}
