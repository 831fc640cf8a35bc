/// How long a run may take, and whether the next step and a save still fit; a pure function of the times it is told.
struct TimeBudget: Equatable {
  /// The end, on the clock of `monotonicSeconds()`.
  let deadline: Double
  /// Of a save: its bytes at 200 MB a second, or what the last one took where that was longer.
  private var saveSeconds: Double
  private let leastSaveSeconds: Double
  private var recentSteps: [Double] = []
  /// The longest evaluation so far; before the first, nobody knows.
  private var evaluationSeconds = 0.0

  /// So many times the longest of the last steps, and the last save, must fit.
  private static let margin = 1.5
  private static let recentCount = 20

  init(deadline: Double, checkpointByteCount: Int) {
    self.deadline = deadline
    leastSaveSeconds = Double(checkpointByteCount) / 200e6
    saveSeconds = leastSaveSeconds
  }

  mutating func addStep(seconds: Double) {
    recentSteps = recentSteps.suffix(TimeBudget.recentCount - 1) + [seconds]
  }

  /// Seconds until the checkpoint was on the disk.
  mutating func addSave(seconds: Double) { saveSeconds = max(seconds, leastSaveSeconds) }

  mutating func addEvaluation(seconds: Double) { evaluationSeconds = max(evaluationSeconds, seconds) }

  /// Whether a step has been made yet.
  var hasSteps: Bool { !recentSteps.isEmpty }

  /// Whether the run must stop now, for the next step, with an evaluation behind it or not, and a save would take too
  /// long. A save that is under way comes before that one.
  func isSpent(at now: Double, evaluates: Bool, isSaving: Bool = false) -> Bool {
    let step = (recentSteps.max() ?? 0) + (evaluates ? evaluationSeconds : 0)
    return secondsToSave(at: now, isSaving: isSaving) < TimeBudget.margin * step
  }

  /// Seconds until a save must begin.
  func secondsToSave(at now: Double, isSaving: Bool = false) -> Double {
    deadline - now - TimeBudget.margin * (isSaving ? 2 : 1) * saveSeconds
  }
}
