import Checkpointing
import Foundation
import Synchronization

extension [String] {
  /// Two checkpoints are kept. One thread makes the calls of saves and steps, in one order.
  static var savingWithinTheStep: [String] { ["checkpoint.keep=2", "checkpoint.asynchronous=false"] }
  /// As by default, but for the number of checkpoints that are kept.
  static var savingBesideTheSteps: [String] { ["checkpoint.keep=2"] }
}

/// What is true of a run's folder whatever happens to its disk: every checkpoint that can be seen is whole and that of
/// a run which nothing disturbed, and the same command ends as that run does.
struct StorageOracle: Sendable {
  let settings: [String]
  /// nil is one rank without a launcher.
  let ranks: Int?
  /// The run with these settings that nothing disturbed.
  let end: RunFolder
  /// The same, with all of its checkpoints.
  private let history: RunFolder

  private static let made = Mutex<[String: StorageOracle]>([:])

  /// Made once for each combination.
  static func shared(_ settings: [String], ranks: Int?) throws -> StorageOracle {
    try made.withLock { made in
      let key = "\(settings) \(ranks ?? 0)"
      if let oracle = made[key] { return oracle }
      let oracle = try StorageOracle(settings, ranks: ranks)
      made[key] = oracle
      return oracle
    }
  }

  private init(_ settings: [String], ranks: Int?) throws {
    (self.settings, self.ranks) = (settings, ranks)
    (end, history) = (try RunFolder("storage-end"), try RunFolder("storage-history"))
    for (run, settings) in [(end, settings), (history, settings + ["checkpoint.keep=1000"])] {
      let result = try run.training(settings, ranks: ranks).run()
      guard result.status == 0 else {
        throw TrialFailure("an undisturbed run ended with \(result.status):\n\(result.text)")
      }
    }
  }

  /// A folder with the first checkpoints of the run, as a stop after `step` leaves it.
  func folder(_ name: String, stoppedAfter step: Int) throws -> RunFolder {
    let run = try RunFolder(name)
    let saves = step / World.checkpointInterval
    let result = try run.training(settings, ranks: ranks).armed("checkpoint.pruned:kill@\(saves)#0").run()
    guard result.status == 137, try committedSteps(run).last == step else {
      throw TrialFailure("the run to start from ended with \(result.status):\n\(result.text)")
    }
    return run
  }

  /// The steps of the checkpoints that can be seen and are whole.
  ///
  /// - Parameter damaged: The step of one that was damaged on purpose, and may still be.
  /// - Throws: a `TrialFailure` where another is damaged or of other weights, or `latest` or `best` names none of them.
  func committedSteps(_ run: RunFolder, damaged: Int? = nil) throws -> [Int] {
    var steps: [Int] = []
    for name in run.checkpoints {
      guard let step = Int(name.dropFirst("step-".count)) else { throw TrialFailure("a checkpoint named \(name)") }
      do {
        _ = try CheckpointStore.load("\(run.path)/checkpoints/\(name)")
      } catch {
        if step == damaged { continue }
        throw TrialFailure("a checkpoint that can be seen is not whole: \(error)")
      }
      try requireSaved(name, in: run)
      steps.append(step)
    }
    for pointer in ["latest", "best"] {
      guard let bytes = try? run.bytes("checkpoints/\(pointer)") else { continue }
      let name = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .newlines)
      // One that is replaced has no name for a moment; the next start finishes that.
      guard run.checkpoints.contains(name) || damaged.map(RunFolder.checkpoint) == name else {
        throw TrialFailure("\(pointer) names \(name.debugDescription), there are \(run.checkpoints)")
      }
    }
    return steps
  }

  /// Throws unless weights and moments of a checkpoint are those of the undisturbed run.
  func requireSaved(_ name: String, in run: RunFolder) throws {
    for file in ["model.safetensors", "optimizer.safetensors"] {
      guard try run.bytes("checkpoints/\(name)/\(file)") == history.bytes("checkpoints/\(name)/\(file)") else {
        throw TrialFailure("\(name)/\(file) is not that of an undisturbed run")
      }
    }
  }

  /// Runs the command again: it goes on from the newest checkpoint, ends as the undisturbed run and leaves nothing
  /// lying about.
  func goesOn(_ run: RunFolder, warnings: [String] = [], command: Command? = nil) throws {
    let newest = try committedSteps(run).last ?? 0
    try goesOn(run, from: newest, warnings: warnings, command: command)
  }

  /// The same where not all checkpoints are whole; `warnings` must each be said.
  func goesOn(_ run: RunFolder, from step: Int, warnings: [String] = [], command: Command? = nil) throws {
    let result = try (command ?? run.training(settings, ranks: ranks)).run()
    try Oracle.expect(result, 0)
    guard step == 0 || result.lineCount("resumed at step \(step)") == 1 else {
      throw TrialFailure("the next start does not go on from step \(step):\n\(result.text)")
    }
    for warning in warnings where !result.standardError.contains(warning) {
      throw TrialFailure("the next start does not say \(warning.debugDescription):\n\(result.text)")
    }
    let differences = try run.differences(from: end)
    guard differences.isEmpty else { throw TrialFailure("resumed from step \(step): \(differences)") }
    try Oracle.expectNothingLeft(in: run)
  }
}
