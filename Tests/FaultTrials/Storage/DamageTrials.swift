import Checkpointing
import Faults
import Foundation

extension FaultTrial {
  private static let newest = RunFolder.checkpoint(18)

  /// Row 24, what reads a checkpoint, at every place: a damaged one is never taken for whole, and the start goes on
  /// from the one before.
  static let damageIsFound = FaultTrial(
    number: 24, name: "a checkpoint is cut, or bits of it flip", ranks: [1], quickRanks: [1]
  ) { setting in
    let oracle = try StorageOracle.shared(.savingBesideTheSteps, ranks: nil)
    let start = try oracle.folder("damage", stoppedAfter: 18)
    defer { start.remove() }
    let run = try start.copy("damaged")
    defer { run.remove() }
    let folder = "\(run.path)/checkpoints/\(newest)"
    let all = try Damage.cuts(folder)
    let cuts = KillSweep.spread(setting.isQuick ? 200 : .max, over: all.count).map { all[$0] }
    let flips = try Damage.flips(folder, count: setting.rounds(quick: 200, full: 10_000), seed: setting.seed)
    for damage in cuts + flips { try expectPassedOver(damage, in: run) }

    // The same in jobs: a sample.
    let sample =
      KillSweep.spread(setting.isQuick ? 2 : 20, over: cuts.count).map { cuts[$0] }
      + flips.prefix(setting.isQuick ? 1 : 20)
    for damage in sample { try expectGoesOnFromTheOneBefore(damage, from: start, oracle) }
    return "\(cuts.count) cuts and \(flips.count) flipped bits: all found, the checkpoint before is taken; "
      + "\(sample.count) of \(sample.count) jobs ended bitwise equal, --resume FOLDER refused with 78"
  }

  private static func expectPassedOver(_ damage: Damage, in run: RunFolder) throws {
    let file = "checkpoints/\(newest)/\(damage.file)"
    let whole = try run.bytes(file)
    try run.write(damage.applied(to: whole), to: file)
    defer { try? run.write(whole, to: file) }
    var warnings: [String] = []
    let taken = try CheckpointStore(folder: "\(run.path)/checkpoints").loadLatest { warnings.append($0) }
    guard taken?.step == 12, warnings.count == 1, warnings[0].contains("\(newest)/\(damage.file)") else {
      throw TrialFailure("\(damage): step \(taken?.step ?? 0) is taken, and said is \(warnings)")
    }
    do {
      _ = try CheckpointStore.load("\(run.path)/checkpoints/\(newest)")
      throw TrialFailure("\(damage): it is taken for whole")
    } catch let fault as Fault where fault.code == .configuration {}
  }

  private static func expectGoesOnFromTheOneBefore(
    _ damage: Damage, from start: RunFolder, _ oracle: StorageOracle
  ) throws {
    let run = try start.copy("damaged-job")
    defer { run.remove() }
    let file = "checkpoints/\(newest)/\(damage.file)"
    try run.write(damage.applied(to: run.bytes(file)), to: file)
    let before = try run.contents()
    var named = try run.training(oracle.settings, ranks: nil)
    named.arguments += ["--resume", "\(run.path)/checkpoints/\(newest)"]
    do {
      try Oracle.expect(try named.run(), 78, told: "cannot be used")
      let changes = try run.changes(since: before)
      guard changes.isEmpty else { throw TrialFailure("a refused --resume changed \(changes)") }
      try oracle.goesOn(run, from: 12, warnings: ["warning  Checkpoint \(newest) is damaged and passed over"])
    } catch let failure as TrialFailure {
      throw TrialFailure("\(damage): \(failure)")
    }
  }

  /// Row 24 where nothing is left to fall back to: the run does not start again from the beginning.
  static let allDamaged = FaultTrial(
    number: 24, name: "every checkpoint is damaged", ranks: [1], quickRanks: [1]
  ) { _ in
    let oracle = try StorageOracle.shared(.savingBesideTheSteps, ranks: nil)
    let run = try oracle.folder("all-damaged", stoppedAfter: 12)
    defer { run.remove() }
    for name in run.checkpoints { try run.cut("checkpoints/\(name)/model.safetensors", by: 1) }
    let before = try run.contents()
    let result = try run.training(oracle.settings, ranks: nil).run()
    try Oracle.expect(result, 65, told: "None of the 2 checkpoints is usable")
    let changes = try run.changes(since: before)
    guard changes.isEmpty else { throw TrialFailure("changed: \(changes)") }
    return "65, and nothing changed"
  }
}
