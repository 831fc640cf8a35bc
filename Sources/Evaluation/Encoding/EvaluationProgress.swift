/// How far this rank is.
public struct EvaluationProgress: Sendable, Equatable {
  public enum Phase: String, Sendable { case images, clips, ranking }

  public var phase: Phase
  /// Items of the phase that this rank has done.
  public var done: Int
  /// Items of the phase that are this rank's.
  public var total: Int
}
