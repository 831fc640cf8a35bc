extension RankProgress {
  /// What a rank is busy with.
  public enum Phase: UInt8, Sendable, CaseIterable {
    case starting, orders, data, forward, backward, exchange, update, comparison, evaluation, gathering, checkpoint
    case ending
    /// All that a command does which has no steps.
    case work
  }
}

extension RankProgress.Phase {
  /// As a report says it.
  public var name: String { "\(self)" }

  /// Whether a rank waits for others in it, rather than that others wait for the rank.
  var waits: Bool {
    switch self {
    case .orders, .exchange, .comparison, .gathering: true
    case .starting, .data, .forward, .backward, .update, .evaluation, .checkpoint, .ending, .work: false
    }
  }

  /// The phases of every step, whose lengths are much the same every time.
  public static let ofStep = Self.allCases.filter(\.isOfStep)

  var isOfStep: Bool {
    switch self {
    case .orders, .data, .forward, .backward, .exchange, .update, .comparison: true
    case .starting, .evaluation, .gathering, .checkpoint, .ending, .work: false
    }
  }

  /// The order in which a rank passes through the phases that bear the same step. What follows an update bears the number
  /// of the next step, before that step's orders.
  var place: Int {
    switch self {
    case .starting: 0
    case .comparison: 1
    case .evaluation: 2
    case .gathering: 3
    case .checkpoint: 4
    case .orders: 5
    case .data: 6
    case .forward: 7
    case .backward: 8
    case .exchange: 9
    case .update: 10
    case .ending: 11
    case .work: 12
    }
  }
}
