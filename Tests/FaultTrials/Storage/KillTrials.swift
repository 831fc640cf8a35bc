import Checkpointing
import Foundation

extension FaultTrial {
  /// Rows 2 and 3: the third save of a run that keeps two, from the first call to the last of removing the oldest.
  static let killAtSystemCalls = FaultTrial(
    number: 2, name: "rank 0 is killed at every system call of a save", ranks: [1, 2], quickRanks: [1]
  ) { setting in
    try TracedTraining.require()
    let oracle = try StorageOracle.shared(.savingWithinTheStep, ranks: setting.ranks == 1 ? nil : setting.ranks)
    var sweep = KillSweep(
      oracle: oracle, start: { try RunFolder("kill-sweep") }, part: .save(18, before: 24))
    // With a launcher a sample, and of calls that MPI does not make: the exhaustive sweep is that of one rank.
    if setting.ranks > 1 { sweep.calls = TracedTraining.namings }
    let limit = setting.isQuick ? 6 : setting.ranks == 1 ? .max : 16
    return try sweep.run(limit: limit, check: expectOldOrNew).text
  }

  /// The same with the saves as they are by default, beside the steps: a thread of its own for each, here the first of
  /// a job that goes on after step 12.
  static let killAtSystemCallsBeside = FaultTrial(
    number: 2, name: "rank 0 is killed at every system call of a save beside the steps", ranks: [1, 2], quickRanks: [1]
  ) { setting in
    try TracedTraining.require()
    let oracle = try StorageOracle.shared(.savingBesideTheSteps, ranks: setting.ranks == 1 ? nil : setting.ranks)
    let start = try oracle.folder("kill-beside", stoppedAfter: 12)
    defer { start.remove() }
    let sweep = KillSweep(
      oracle: oracle, start: { try start.copy("kill-beside") }, part: .save(18, before: 24),
      calls: TracedTraining.namings)
    let limit = setting.isQuick ? 3 : setting.ranks == 1 ? .max : 8
    return try sweep.run(limit: limit, check: expectOldOrNew).text
  }

  private static func expectOldOrNew(_ steps: [Int]) throws {
    guard steps == [6, 12] || steps == [6, 12, 18] || steps == [12, 18] else {
      throw TrialFailure("the checkpoints are of steps \(steps)")
    }
  }

  /// Row 3: a save of a run with evaluations, which also writes `best`; and one that replaces a damaged checkpoint.
  static let killWhilePublishing = FaultTrial(
    number: 3, name: "rank 0 is killed while a checkpoint is published and the old one goes", ranks: [1],
    quickRanks: [1]
  ) { setting in
    try TracedTraining.require()
    let shards = try World.shared().testShards
    let evaluating = [String].savingWithinTheStep + ["evaluation.every=6", "evaluation.shards=\(shards)"]
    let oracle = try StorageOracle.shared(evaluating, ranks: nil)
    let publishing = KillSweep(
      oracle: oracle, start: { try RunFolder("publish") }, part: .publishing(18, before: 24))
    let published = try publishing.run(limit: setting.isQuick ? 2 : .max) { steps in
      guard steps.contains(12), steps.contains(6) || steps.contains(18) else {
        throw TrialFailure("the checkpoints are of steps \(steps)")
      }
    }
    if setting.isQuick { return published.text }

    let plain = try StorageOracle.shared(.savingWithinTheStep, ranks: nil)
    let damaged = try plain.folder("replace", stoppedAfter: 18)
    defer { damaged.remove() }
    try damaged.cut("checkpoints/\(RunFolder.checkpoint(18))/model.safetensors", by: 1)
    var replacing = KillSweep(oracle: plain, start: { try damaged.copy("replaced") }, part: .save(18, before: 24))
    replacing.damaged = 18
    let replaced = try replacing.run { steps in
      guard steps.contains(12) else { throw TrialFailure("the checkpoints are of steps \(steps)") }
    }
    return "publishing: \(published.text); replacing: \(replaced.text)"
  }

  /// Row 31: what a start leaves half done, the next one finishes or removes. The job goes on after step 12, and
  /// another start was killed in a save before.
  static let killAtStart = FaultTrial(
    number: 31, name: "a job is killed at every system call of its start", ranks: [1], quickRanks: []
  ) { _ in
    try TracedTraining.require()
    let oracle = try StorageOracle.shared(.savingWithinTheStep, ranks: nil)
    let start = try oracle.folder("start", stoppedAfter: 12)
    defer { start.remove() }
    let result = try start.training(oracle.settings, ranks: nil).armed("checkpoint.written:kill").run()
    guard result.status == 137, start.temporaryFiles.contains("checkpoints/.step-00000018.tmp") else {
      throw TrialFailure("no draft is left: \(start.temporaryFiles), \(Oracle.excerpt(result))")
    }
    let sweep = KillSweep(oracle: oracle, start: { try start.copy("start") }, part: .start)
    return try sweep.run { steps in
      guard steps == [6, 12] else { throw TrialFailure("the checkpoints are of steps \(steps)") }
    }.text
  }
}
