import Failpoints
import Foundation

extension FaultTrial {
  /// Rows 2 and 3 with the saves as they are by default, and more than one rank: rank 0 is killed at every named place
  /// of the third save, which removes the oldest checkpoint.
  static let killAtFailpoints = FaultTrial(
    number: 2, name: "rank 0 is killed at every named place of a save", ranks: [2, 4], quickRanks: [2]
  ) { setting in
    let oracle = try StorageOracle.shared(.savingBesideTheSteps, ranks: setting.ranks)
    let checkpoints = Failpoint.allCases.filter { $0.rawValue.hasPrefix("checkpoint.") }
    let files = Failpoint.allCases.filter { $0.rawValue.hasPrefix("file.") || $0.rawValue.hasPrefix("folder.") }
    // Hits of these: a few at the start, then those of one save after the other.
    let hits = setting.isQuick ? [8] : [1, 2, 5, 8, 11, 14, 17]
    let plans =
      checkpoints.map { "\($0.rawValue):kill@3#0" }
      + files.flatMap { point in hits.map { "\(point.rawValue):kill@\($0)#0" } }
    for plan in plans {
      let run = try RunFolder("failpoint")
      defer { run.remove() }
      do {
        try Oracle.expect(try run.training(oracle.settings, ranks: setting.ranks).armed(plan).run(), 137)
        try oracle.goesOn(run)
      } catch let failure as TrialFailure {
        throw TrialFailure("\(plan): \(failure)")
      }
    }
    return "\(plans.count) kills, 0 checkpoints lost, \(plans.count) of \(plans.count) resumes bitwise equal"
  }
}
