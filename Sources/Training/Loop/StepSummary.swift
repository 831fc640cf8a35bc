import Collectives
import Faults

/// What the ranks tell each other after a step, in one small sum.
struct StepSummary {
  /// Means over the ranks, the total first.
  var losses: [(name: String, value: Double)]
  /// A stop signal has reached a rank.
  var isStopRequested: Bool
  /// The longest that a rank waited for its batch, in seconds: the others wait for that rank.
  var waitSeconds: Double
  /// The least that a rank waited for gradients, in seconds: what others wait longer, they wait for that rank.
  var communicationSeconds = 0.0
  /// Damaged samples of the step for which others stand in, on all ranks.
  var skippedCount: Int

  /// The losses of every rank averaged, what they waited and skipped put together.
  static func average(_ own: StepSummary, over communicator: any Communicator) throws -> StepSummary {
    var values = own.losses.map(\.value) + [own.isStopRequested ? 1 : 0, Double(own.skippedCount)]
    try values.withUnsafeMutableBufferPointer { try communicator.allReduceSum($0) }
    let longest = try communicator.allReduceMax(Int(own.waitSeconds * 1e9))
    let shortest = try communicator.allReduceMin(Int(own.communicationSeconds * 1e9))
    let count = Double(communicator.rankCount)
    return StepSummary(
      losses: zip(own.losses, values).map { ($0.name, $1 / count) },
      isStopRequested: values[own.losses.count] > 0, waitSeconds: Double(longest) * 1e-9,
      communicationSeconds: Double(shortest) * 1e-9,
      skippedCount: Int(values[own.losses.count + 1]))
  }
}
