import Checkpointing
import Foundation

extension FaultTrial {
  /// Row 24, files that lie with a manifest that vouches for them: no checksum finds these.
  static let hostileFiles = FaultTrial(
    number: 24, name: "files of a checkpoint lie, and its manifest vouches for them", ranks: [1], quickRanks: [1]
  ) { setting in
    let oracle = try StorageOracle.shared(.savingBesideTheSteps, ranks: nil)
    let source = try oracle.folder("hostile-source", stoppedAfter: 18)
    let start = try oracle.folder("hostile", stoppedAfter: 12)
    defer {
      source.remove()
      start.remove()
    }
    let whole = "\(source.path)/checkpoints/\(RunFolder.checkpoint(18))"
    var files = try HostileFile.all(whole)
    let count = files.count
    if setting.isQuick { files = KillSweep.spread(3, over: count).map { files[$0] } }
    for file in files {
      let run = try start.copy("hostile")
      defer { run.remove() }
      do {
        try plant(file, from: whole, in: run)
        try expectFate(of: file, in: run, oracle)
      } catch let failure as TrialFailure {
        throw TrialFailure("\(file.name): \(failure)")
      }
    }
    let passedOver = files.count { $0.fate == .passedOver }
    return "\(files.count) of \(count) files: \(passedOver) passed over, \(files.count - passedOver) refused with 78; "
      + "no trap, no start at step 0"
  }

  /// Saves the checkpoint of step 18 with that file.
  private static func plant(_ file: HostileFile, from whole: String, in run: RunFolder) throws {
    let store = CheckpointStore(folder: "\(run.path)/checkpoints", keepLast: 10)
    try store.save(step: 18) { draft in
      for name in Damage.files where name != "manifest.json" {
        let bytes = name == file.file ? file.bytes : try Data(contentsOf: URL(fileURLWithPath: "\(whole)/\(name)"))
        try draft.write([UInt8](bytes), to: name)
      }
    }
  }

  private static func expectFate(of file: HostileFile, in run: RunFolder, _ oracle: StorageOracle) throws {
    let newest = RunFolder.checkpoint(18)
    let before = try run.contents()
    var named = try run.training(oracle.settings, ranks: nil)
    named.arguments += ["--resume", "\(run.path)/checkpoints/\(newest)"]
    try Oracle.expect(try named.run(), 78)
    if file.fate == .refused { try Oracle.expect(try run.training(oracle.settings, ranks: nil).run(), 78) }
    let changes = try run.changes(since: before)
    guard changes.isEmpty else { throw TrialFailure("a refused start changed \(changes)") }
    if file.fate == .passedOver {
      try oracle.goesOn(run, from: 12, warnings: ["Checkpoint \(newest) is damaged and passed over", file.file])
    }
  }
}
