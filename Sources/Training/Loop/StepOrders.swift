/// What rank 0 tells every rank before a step (`StepAgreement`).
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

  /// As they travel.
  var words: [UInt64] {
    [
      (goesOn ? 1 : 0) | (saves ? 2 : 0) | (evaluates ? 4 : 0) | (comparesRanks ? 8 : 0) | (reportsWaiting ? 16 : 0),
      learningRate.bitPattern,
    ]
  }
}

extension StepOrders {
  init(words: ArraySlice<UInt64>) {
    let (flags, rate) = (words[words.startIndex], words[words.startIndex + 1])
    self.init(
      goesOn: flags & 1 != 0, learningRate: Double(bitPattern: rate), saves: flags & 2 != 0, evaluates: flags & 4 != 0,
      comparesRanks: flags & 8 != 0, reportsWaiting: flags & 16 != 0)
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

  /// Before every save too: a checkpoint is one on which all ranks agree.
  func comparesRanks(after step: Int) -> Bool {
    comparisonInterval > 0 && (isDue(step, comparisonInterval) || saves(after: step))
  }

  private func isDue(_ step: Int, _ interval: Int) -> Bool { (step + 1) % interval == 0 }
}
