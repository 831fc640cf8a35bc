import Failpoints
import Supervision

/// What a rank is busy with during a step.
enum StepPhase: String, CaseIterable, Codable, Sendable {
  /// Waiting for a batch.
  case data
  case forward
  case backward
  /// Sums over the ranks that the rank waits for; those that go on beside the backward pass are not in it.
  case communication
  /// Norm, clipping and update.
  case optimizer

  var title: String {
    switch self {
    case .data: "data wait"
    case .forward: "forward"
    case .backward: "backward"
    case .communication: "communication exposed"
    case .optimizer: "optimiser"
    }
  }
}

extension Optional where Wrapped == StepProfile {
  /// Runs a part of a step, and notes its time where there is a profile.
  @inline(__always)
  func during<Result>(_ phase: StepPhase, _ body: () throws -> Result) rethrows -> Result {
    guard let profile = self else { return try body() }
    return try profile.during(phase, body)
  }
}

extension StepPhase {
  var progress: RankProgress.Phase {
    switch self {
    case .data: .data
    case .forward: .forward
    case .backward: .backward
    case .communication: .exchange
    case .optimizer: .update
    }
  }

  /// What a test may make fail as the phase begins.
  var failpoint: Failpoint {
    switch self {
    case .data: .stepData
    case .forward: .stepForward
    case .backward: .stepBackward
    case .communication: .stepExchange
    case .optimizer: .stepUpdate
    }
  }
}
