/// Whether gradients travel while the backward pass goes on.
public enum Overlap: String, Sendable, CaseIterable {
  /// Whichever is faster, by a trial in the first steps.
  case auto
  /// A thread of its own sends a bucket as soon as its last gradient is there.
  case on
  /// The main thread sends all buckets after the backward pass.
  case off
}

/// What a trial of both ways has found; the same on every rank.
public struct OverlapDecision: Sendable, Equatable {
  public var isOn: Bool
  /// Medians of the seconds from the begin of a backward pass to the arrival of the last bucket.
  public var secondsWith: Double
  public var secondsWithout: Double

  /// A line for the log.
  public var summary: String {
    func milliseconds(_ seconds: Double) -> Int { Int((seconds * 1e3).rounded()) }
    return "overlap \(isOn ? "on" : "off"): backward pass and exchange take \(milliseconds(secondsWith)) ms with it, "
      + "\(milliseconds(secondsWithout)) ms without"
  }
}

/// The trial: two steps to warm up, then three each way, in turn.
struct OverlapTrial {
  private static let warmUpCount = 2
  private static let stepCount = warmUpCount + 6
  private var seconds: [Double] = []

  /// Whether the step that begins overlaps.
  var isOn: Bool { seconds.count >= Self.warmUpCount && (seconds.count - Self.warmUpCount) % 2 == 0 }

  /// What the last step took.
  mutating func add(_ stepSeconds: Double) { seconds.append(stepSeconds) }

  var isOver: Bool { seconds.count == Self.stepCount }

  /// - Parameter least: the least of a number over all ranks. Ranks start a backward pass at different times and end it
  ///   together: the one that starts last says how long the step takes.
  func decision(_ least: (Double) throws -> Double) rethrows -> OverlapDecision {
    let common = try seconds.dropFirst(Self.warmUpCount).map(least)
    func median(_ remainder: Int) -> Double {
      let own = common.indices.filter { $0 % 2 == remainder }.map { common[$0] }.sorted()
      return own[own.count / 2]
    }
    let (with, without) = (median(0), median(1))
    return OverlapDecision(isOn: with < without, secondsWith: with, secondsWithout: without)
  }
}
