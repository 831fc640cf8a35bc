import Collectives

/// What rank 0 tells every rank before a step: one small broadcast.
struct StepOrders: Equatable {
  /// False where the run stops here, with a checkpoint.
  var goesOn: Bool
  var learningRate: Double
  /// After the step.
  var saves: Bool
  var evaluates: Bool
  var comparesRanks: Bool
  /// The ranks tell each other, after the step, how long they waited for data.
  var reportsWaiting: Bool

  /// The orders of rank 0, on every rank; what the others pass is not looked at.
  static func agreed(_ own: StepOrders, over communicator: any Communicator) throws -> StepOrders {
    var words: [UInt64] = [
      (own.goesOn ? 1 : 0) | (own.saves ? 2 : 0) | (own.evaluates ? 4 : 0) | (own.comparesRanks ? 8 : 0)
        | (own.reportsWaiting ? 16 : 0),
      own.learningRate.bitPattern,
    ]
    try words.withUnsafeMutableBytes { try communicator.broadcast($0, from: 0) }
    return StepOrders(
      goesOn: words[0] & 1 != 0, learningRate: Double(bitPattern: words[1]), saves: words[0] & 2 != 0,
      evaluates: words[0] & 4 != 0, comparesRanks: words[0] & 8 != 0, reportsWaiting: words[0] & 16 != 0)
  }
}

/// When a run of a given length does what besides training; a pure function of the step.
struct StepPlan: Sendable, Equatable {
  let stepCount: Int
  let checkpointInterval: Int
  /// 0: at the end alone.
  let evaluationInterval: Int
  let evaluates: Bool
  /// 0: never.
  let comparisonInterval: Int

  /// `step` counts from 0; what is ordered happens after it.
  func saves(after step: Int) -> Bool { isDue(step, checkpointInterval) || step + 1 == stepCount }

  func evaluates(after step: Int) -> Bool {
    evaluates && (step + 1 == stepCount || evaluationInterval > 0 && isDue(step, evaluationInterval))
  }

  func comparesRanks(after step: Int) -> Bool {
    comparisonInterval > 0 && (isDue(step, comparisonInterval) || step + 1 == stepCount)
  }

  private func isDue(_ step: Int, _ interval: Int) -> Bool { (step + 1) % interval == 0 }
}
