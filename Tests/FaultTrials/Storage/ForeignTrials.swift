import DurableFiles
import Foundation

extension FaultTrial {
  /// Row 25. Nothing of the folder changes, and the command that made the checkpoint still goes on.
  static let foreignCheckpoint = FaultTrial(
    number: 25, name: "the checkpoint is of another model, seed, schedule, batch or data", ranks: [1, 2],
    quickRanks: [1]
  ) { setting in
    let ranks = setting.ranks == 1 ? nil : setting.ranks
    let oracle = try StorageOracle.shared(.savingBesideTheSteps, ranks: ranks)
    let run = try oracle.folder("foreign", stoppedAfter: 12)
    defer { run.remove() }
    let before = try run.contents()
    let all: [(settings: [String], told: [String])] = [
      (["model.width=48", "seed=7"], ["model.width: checkpoint=24 now=48", "seed: checkpoint=", "now=7"]),
      (["schedule.steps=48"], ["schedule.steps: checkpoint=24 now=48"]),
      (["data.global_batch=4"], ["data.global_batch: checkpoint=8 now=4"]),
      (["optimizer.learning_rate=0.5"], ["optimizer.learning_rate: checkpoint=", "now=0.5"]),
    ]
    for (settings, told) in setting.isQuick ? Array(all.prefix(1)) : all {
      try expectRefused(try run.training(oracle.settings + settings, ranks: ranks), told, run, before)
    }
    var others = try run.training(oracle.settings, ranks: ranks)
    let shards = try World.shared()
    others.arguments = others.arguments.map { $0 == shards.trainShards ? shards.testShards : $0 }
    try expectRefused(others, ["training shards: checkpoint=", "now="], run, before)
    try oracle.goesOn(run, from: 12)
    return "78 with field, both values and the remedy; nothing changed, and the run it is of goes on"
  }

  private static func expectRefused(
    _ command: Command, _ told: [String], _ run: RunFolder, _ before: [String: Data]
  ) throws {
    let result = try command.run()
    let line = "The checkpoint is of another run"
    try Oracle.expect(result, 78, told: told + [line, "Use the checkpoint's settings"])
    let changes = try run.changes(since: before)
    guard changes.isEmpty else { throw TrialFailure("a refused start changed \(changes): \(Oracle.excerpt(result))") }
  }

  /// Row 27: a later format is refused and not passed over, for what is newer must not be thrown away.
  static let laterFormat = FaultTrial(
    number: 27, name: "the checkpoint has a later format", ranks: [1], quickRanks: [1]
  ) { _ in
    let oracle = try StorageOracle.shared(.savingBesideTheSteps, ranks: nil)
    let run = try oracle.folder("later", stoppedAfter: 12)
    defer { run.remove() }
    let file = "checkpoints/\(RunFolder.checkpoint(12))/manifest.json"
    let whole = try run.bytes(file)
    let text = String(decoding: whole, as: UTF8.self)
    let later = text.replacingOccurrences(of: "\"format\" : 1", with: "\"format\" : 1000")
      .replacingOccurrences(of: "\"createdBy\" : \"", with: "\"createdBy\" : \"a later ")
    guard later != text else { throw TrialFailure("no format in the manifest: \(text)") }
    try run.write(Data(sealed(later).utf8), to: file)
    let before = try run.contents()
    let result = try run.training(oracle.settings, ranks: nil).run()
    try Oracle.expect(result, 78, told: "The checkpoint has format 1000, made by a later ")
    let changes = try run.changes(since: before)
    guard changes.isEmpty else { throw TrialFailure("a refused start changed \(changes)") }
    try run.write(whole, to: file)
    try oracle.goesOn(run, from: 12)
    return "78 with the version that made it; nothing changed"
  }

  /// With the checksum of what it now says, as any version writes it.
  private static func sealed(_ manifest: String) -> String {
    let field = "\"checksum\" : \""
    let content = manifest.replacingOccurrences(
      of: field + "[0-9a-f]*", with: field, options: .regularExpression)
    let digits = String(XXH3.hash(content), radix: 16)
    return content.replacingOccurrences(
      of: field, with: field + String(repeating: "0", count: 16 - digits.count) + digits)
  }
}
