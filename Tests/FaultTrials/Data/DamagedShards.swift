import Foundation

/// A copy of the training shards of the small world, and a run on it.
struct DamagedShards {
  let folder: String
  let run: RunFolder
  var shard: String { "\(folder)/shard-00000.sgmn" }

  init(_ name: String) throws {
    folder = try World.shared().copyOfTrainShards()
    run = try RunFolder(name)
  }

  func write(_ forgery: Forgery) throws {
    for (name, bytes) in forgery.storage.files {
      try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
    }
  }

  func train(ranks: Int, _ settings: String...) throws -> Command {
    var command = try run.train(ranks: ranks, shards: folder)
    command.arguments += settings.flatMap { ["--set", $0] }
    return command
  }

  /// Goes on with the undamaged shards; the end must be that of a run that never saw others.
  func expectUnbrokenEnd(ranks: Int) throws {
    try Oracle.expectUnbrokenEnd(of: run, by: run.train(ranks: ranks))
  }
}
