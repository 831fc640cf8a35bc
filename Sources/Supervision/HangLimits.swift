/// For how long a rank may be silent, or go without a sign of life in a phase, before it counts as hung. Seconds.
public struct HangLimits: Sendable, Equatable {
  /// The silence of a process, and the least for a phase of a step.
  public var floor: Double
  /// For what has no usual length: the start, evaluations, checkpoints, the end, and steps before any length is known.
  public var long: Double
  /// The least for the wait for a batch: what is read may stall for so long, and go on.
  public var data: Double
  /// 99 of 100 steps took at most so long; nil while too few are known.
  public var stepPercentile: Double?

  public init(floor: Double, long: Double, data: Double) {
    (self.floor, self.long, self.data) = (floor, max(long, floor), max(data, floor))
  }

  /// max(floor, 5 × the 99th percentile of a step).
  var step: Double { stepPercentile.map { max(floor, 5 * $0) } ?? long }

  func limit(of phase: RankProgress.Phase) -> Double {
    guard phase.isOfStep else { return long }
    return phase == .data ? max(data, step) : step
  }
}
