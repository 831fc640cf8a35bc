import FaultTrials
import Testing

extension EndToEnd {
  /// The faults of docs/reliability.md, each at a few places; `make torture` brings about all of each.
  @Suite struct FaultTrialTests {
    /// One trial on one number of ranks.
    struct Case: Sendable, CustomTestStringConvertible {
      let trial: FaultTrial
      let ranks: Int
      var testDescription: String { "\(trial.number): \(trial.name), \(ranks) ranks" }
    }

    static let cases = FaultTrial.all.flatMap { trial in
      trial.quickRanks.map { Case(trial: trial, ranks: $0) }
    }

    @Test(arguments: cases) func aFaultLosesNothing(_ fault: Case) throws {
      do {
        _ = try fault.trial.run(FaultTrial.Setting(ranks: fault.ranks, isQuick: true, seed: 1))
      } catch let skipped as TrialSkipped {
        print("skipped \(fault.testDescription): \(skipped)")
      }
    }
  }
}
