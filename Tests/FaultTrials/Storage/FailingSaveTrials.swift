import Foundation

extension FaultTrial {
  /// Rows 5 and 7 with the saves as they are by default, beside the steps, and with ranks that have to hear of it.
  static let saveFailsBeside = FaultTrial(
    number: 7, name: "flushes, writes and renames of saves beside the steps fail", ranks: [2, 4], quickRanks: [2]
  ) { setting in
    let oracle = try StorageOracle.shared(.savingBesideTheSteps, ranks: setting.ranks)
    let faults = [
      ("file.sync", "EIO", "Input/output error"), ("file.write", "ENOSPC", "No space"),
      ("file.rename", "EIO", "Input/output error"), ("folder.sync", "EIO", "Input/output error"),
    ]
    for (place, error, told) in setting.isQuick ? faults.prefix(2) : faults[...] {
      // In the second save and in the third; folders are flushed more often.
      let hits = place == "folder.sync" ? [18, 26] : [9, 14]
      for hit in hits.prefix(setting.isQuick ? 1 : 2) {
        do {
          try failOnce("\(place):error=\(error)@\(hit)#0", told, oracle)
          try failForGood("\(place):error=\(error)@\(hit)+#0", told, oracle)
        } catch let failure as TrialFailure {
          throw TrialFailure("\(place) @\(hit): \(failure)")
        }
      }
    }
    let count = setting.isQuick ? 2 : 2 * faults.count
    return "\(count) failed once and went on by new files, \(count) for good and ended with 74; 0 checkpoints lost, "
      + "all ends bitwise equal"
  }

  private static func failOnce(_ plan: String, _ told: String, _ oracle: StorageOracle) throws {
    let run = try run(plan, told, oracle, endingWith: 0)
    defer { run.remove() }
    let differences = try run.differences(from: oracle.end)
    guard differences.isEmpty else { throw TrialFailure("failed once: \(differences)") }
    try Oracle.expectNothingLeft(in: run)
  }

  private static func failForGood(_ plan: String, _ told: String, _ oracle: StorageOracle) throws {
    let run = try run(plan, told, oracle, endingWith: 74)
    defer { run.remove() }
    guard try !oracle.committedSteps(run).isEmpty else { throw TrialFailure("the checkpoint of before is gone") }
    try oracle.goesOn(run)
  }

  /// What a job leaves that ends with `code` and tells why a save failed.
  private static func run(
    _ plan: String, _ told: String, _ oracle: StorageOracle, endingWith code: Int32
  ) throws -> RunFolder {
    let run = try RunFolder("save-fails")
    let result = try run.training(oracle.settings, ranks: oracle.ranks).armed(plan).run()
    try Oracle.expect(result, code)
    guard result.standardError.contains(told) else { throw TrialFailure("it is not told: \(Oracle.excerpt(result))") }
    return run
  }
}
