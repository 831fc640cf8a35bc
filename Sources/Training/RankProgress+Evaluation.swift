import Evaluation
import Supervision

extension RankProgress {
  /// Tells the watchdog how far this rank is: after its last item of a part it waits for the others.
  ///
  /// - Parameter step: of the weights that are evaluated.
  public func follow(_ evaluation: EvaluationProgress, step: Int) {
    if evaluation.done == evaluation.total {
      enter(.gathering, step: step)
    } else if evaluation.done == 0 {
      enter(.evaluation, step: step)
    } else {
      tick(.evaluation)
    }
  }
}
