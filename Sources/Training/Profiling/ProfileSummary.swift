import TensorCore

/// The sums of a rank's profile, as it tells them to rank 0.
struct ProfileSummary: Codable, Equatable {
  var rank: Int
  var stepCount: Int
  var stepSeconds: Double
  /// By the raw value of the phase.
  var phaseSeconds: [String: Double]
  var operators: [Operator]

  struct Operator: Codable, Equatable {
    var name: String
    var count: Int
    var seconds: Double
    var floatingOperationCount: Int
    var byteCount: Int
  }

  init(_ profile: StepProfile, rank: Int) {
    self.rank = rank
    stepCount = profile.stepCount
    stepSeconds = Double(profile.stepNanoseconds) * 1e-9
    phaseSeconds = Dictionary(
      uniqueKeysWithValues: profile.phaseNanoseconds.map { ($0.rawValue, Double($1) * 1e-9) })
    operators = profile.kernels.totals.map { `operator`, totals in
      Operator(
        name: `operator`.name, count: totals.count, seconds: totals.seconds,
        floatingOperationCount: totals.floatingOperationCount, byteCount: totals.byteCount)
    }.sorted { ($0.seconds, $0.name) > ($1.seconds, $1.name) }
  }

  func seconds(of phase: StepPhase) -> Double { phaseSeconds[phase.rawValue] ?? 0 }

  /// What no phase has.
  var otherSeconds: Double { max(0, stepSeconds - StepPhase.allCases.reduce(0) { $0 + seconds(of: $1) }) }
}
