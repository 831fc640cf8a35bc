/// How long the last steps took, up to 1,000 of them.
struct StepDurations: Sendable {
  private static let capacity = 1_000
  /// Fewer say nothing: the first step pays for what later ones find ready.
  private static let leastCount = 3

  private var seconds: [Double] = []
  private var next = 0

  mutating func note(_ duration: Double) {
    if seconds.count < Self.capacity {
      seconds.append(duration)
    } else {
      seconds[next] = duration
      next = (next + 1) % Self.capacity
    }
  }

  /// The least duration that 99 % of the steps did not exceed; nil where too few are known.
  var percentile99: Double? {
    guard seconds.count >= Self.leastCount else { return nil }
    return seconds.sorted()[(99 * seconds.count + 99) / 100 - 1]
  }
}
