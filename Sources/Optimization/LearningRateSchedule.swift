import Faults
import Glibc

/// The learning rate of every step: up in a straight line, then down along half a cosine.
public struct LearningRateSchedule: Codable, Sendable, Equatable {
  /// The highest rate.
  public var base = 3e-4
  /// The share of all steps that the way up takes.
  public var warmupShare = 0.1
  /// Where the cosine ends, as a share of `base`.
  public var finalShare = 0.0

  public init() {}

  enum CodingKeys: String, CodingKey, CaseIterable {
    case base
    case warmupShare = "warmup_share"
    case finalShare = "final_share"
  }

  /// Throws a configuration fault where a number is not a rate or a share.
  public func validate() throws {
    if !(base >= 0 && base.isFinite) {
      throw Fault(
        .configuration, "learning_rate.base: \(base) is not a learning rate", remedy: "Change learning_rate.base")
    }
    for (field, value) in [("warmup_share", warmupShare), ("final_share", finalShare)] where !(0...1).contains(value) {
      throw Fault(
        .configuration, "learning_rate.\(field): \(value) is not within 0…1", remedy: "Change learning_rate.\(field)")
    }
  }

  /// The rate of step `step` (from 0) of `total`. With w warm-up steps and f = finalShare:
  ///
  ///     base·(step + 1)/(w + 1)                                         before step w
  ///     base·(f + (1 − f)·(1 + cos(π·(step − w)/(total − w)))/2)        from then on
  ///
  /// So step 0 already learns, step w alone has the base rate, and the end of the cosine lies one step behind the last:
  /// no step is spent on a rate of zero. Steps beyond `total` have the final rate.
  public func rate(atStep step: Int, of total: Int) -> Double {
    precondition(step >= 0 && total > 0, "step \(step) of \(total)")
    let warmup = Int((warmupShare * Double(total)).rounded())
    if step >= total { return base * finalShare }
    if step < warmup { return base * Double(step + 1) / Double(warmup + 1) }
    let progress = Double(step - warmup) / Double(total - warmup)
    return base * (finalShare + (1 - finalShare) * (1 + cos(Double.pi * progress)) / 2)
  }
}
