/// What a step knows of its gradients once they are summed over the ranks.
public struct GradientSum: Sendable, Equatable {
  /// √Σ g² of the sums, the same bits on every rank; not finite where a gradient is not.
  public var norm: Double
  /// ‖sum as it arrived − exact sum‖ ÷ ‖sum‖, estimated from what was rounded; nil where nothing is rounded.
  public var wireError: Double?
  public var times = ExchangeTimes()
  /// After the step that ends the trial of `--overlap auto`.
  public var decision: OverlapDecision?

  init(norm: Double) { self.norm = norm }
}
