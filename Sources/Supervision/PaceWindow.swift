/// The own times of a rank over some steps.
public struct PaceWindow: Sendable {
  /// Steps between two comparisons of the ranks' paces.
  public static let stepCount = 10

  private var parts: [[Double]] = []
  private var steps: [Double] = []

  public init() {}

  /// Notes a step; returns the pace where the window is complete, and begins the next one. Medians, for one step that was
  /// disturbed says nothing of the rank.
  public mutating func note(_ seconds: [Double], stepSeconds: Double) -> RankPace? {
    parts.append(seconds)
    steps.append(stepSeconds)
    guard steps.count == Self.stepCount else { return nil }
    let pace = RankPace(
      seconds: seconds.indices.map { part in median(parts.map { $0[part] }) }, stepSeconds: median(steps))
    (parts, steps) = ([], [])
    return pace
  }
}

/// The middle of at least one value; of an even count the mean of the two in the middle.
func median(_ values: [Double]) -> Double {
  let sorted = values.sorted()
  return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
}
