import Collectives
import Faults

/// What the ranks tell each other after a step, in one small exchange.
struct StepSummary {
  /// Means over the ranks, the total first.
  var losses: [(name: String, value: Double)]
  /// The longest that a rank waited for its batch, in seconds: the others wait for that rank.
  var waitSeconds: Double
  /// The least that a rank waited for gradients, in seconds: what others wait longer, they wait for that rank.
  var communicationSeconds = 0.0
  /// Damaged samples of the step for which others stand in, on all ranks.
  var skippedCount: Int

  /// The losses of every rank averaged in the order of a binary tree, what they waited and skipped put together.
  static func average(_ own: StepSummary, over communicator: any Communicator) throws -> StepSummary {
    let message = own.losses.map(\.value) + own.others
    var all = [Double](repeating: 0, count: message.count * communicator.rankCount)
    try message.withUnsafeBytes { own in try all.withUnsafeMutableBytes { try communicator.allGather(own, into: $0) } }
    let rows = stride(from: 0, to: all.count, by: message.count).map { Array(all[$0..<($0 + message.count)]) }
    let (means, others) = (TreeMean.of(rows), rows.map { $0.suffix(own.others.count) })
    func column(_ number: Int) -> [Double] { others.map { $0[$0.startIndex + number] } }
    return StepSummary(
      losses: zip(own.losses, means).map { ($0.name, $1) }, waitSeconds: column(0).max() ?? 0,
      communicationSeconds: column(1).min() ?? 0, skippedCount: Int(column(2).reduce(0, +)))
  }

  /// What follows the losses in a rank's message.
  private var others: [Double] { [waitSeconds, communicationSeconds, Double(skippedCount)] }
}
