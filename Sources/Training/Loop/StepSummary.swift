import Collectives
import Faults

/// What the ranks tell each other after a step, in one small sum.
struct StepSummary {
  /// Means over the ranks, the total first.
  var losses: [(name: String, value: Double)]
  /// A stop signal has reached a rank.
  var isStopRequested: Bool
  /// The mean over the ranks of the seconds a rank waited for its batch.
  var waitSeconds: Double

  /// `own` of every rank, averaged.
  static func average(_ own: StepSummary, over communicator: any Communicator) throws -> StepSummary {
    var values = own.losses.map(\.value) + [own.isStopRequested ? 1 : 0, own.waitSeconds]
    try values.withUnsafeMutableBufferPointer { try communicator.allReduceSum($0) }
    let count = Double(communicator.rankCount)
    return StepSummary(
      losses: zip(own.losses, values).map { ($0.name, $1 / count) },
      isStopRequested: values[own.losses.count] > 0, waitSeconds: values[own.losses.count + 1] / count)
  }
}
