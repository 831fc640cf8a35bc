import NeuralNetworks

/// Clipping by the global norm: a gradient that is too long keeps its direction and loses its length.
public enum GradientClipping {
  /// √Σ g² over all parameters; not finite where a gradient is not.
  public static func norm(of arena: ParameterArena) -> Double {
    arena.gradients.backend.sumOfSquares(arena.gradients).squareRoot()
  }

  /// The factor that brings a gradient of length `norm` to `limit` where it is longer, else 1.
  ///
  /// The norm must be finite: what to do with a step that is not is the trainer's decision.
  public static func scale(norm: Double, limit: Double) -> Double {
    precondition(limit > 0, "gradients clipped to \(limit)")
    return norm > limit ? limit / norm : 1
  }
}
