import Foundation

/// A manifest of many clips, all made of the few of the small world, and the sets built of it.
package struct BuildFixture: Sendable {
  package let folder: String
  package var manifest: String { "\(folder)/world/many.jsonl" }
  package static let shardCount = 12
  package static let entriesPerShard = 20

  /// A folder that no other test uses, with a copy of the small world in it.
  package init(_ name: String) throws {
    let world = try World.shared()
    folder = "\(world.folder)/build-\(name)-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: "\(world.folder)/demo", toPath: "\(folder)/world")
    let lines = try String(contentsOfFile: "\(folder)/world/train.jsonl", encoding: .utf8).split(separator: "\n")
    let count = BuildFixture.shardCount * BuildFixture.entriesPerShard
    let many = (0..<count).map { number in
      lines[number / 2 % lines.count].replacingOccurrences(
        of: #""clip_id":""#, with: #""clip_id":"\#(number)-"#)
    }
    try (many.joined(separator: "\n") + "\n").write(toFile: manifest, atomically: true, encoding: .utf8)
  }

  /// Clips of entries spread over the shards, each of several entries.
  package var someClips: [String] {
    ["train-01-002-1", "train-02-003-2"].map { "\(folder)/world/clips/\($0.prefix(8))/\($0).mp4" }
  }

  package func output(_ name: String) -> String { "\(folder)/\(name)" }

  package func build(_ name: String, ranks: Int? = nil, _ options: String...) -> Command {
    Command(
      "sgmn-shard",
      [
        "build", "--manifest", manifest, "--out", output(name), "--resolution", "16", "--frames", "3",
        "--samples-per-shard", "\(BuildFixture.entriesPerShard)",
      ] + options, ranks: ranks)
  }

  /// Every file of a set: name to bytes.
  package func files(_ name: String) throws -> [String: Data] {
    var files: [String: Data] = [:]
    for file in try FileManager.default.contentsOfDirectory(atPath: output(name)) {
      files[file] = try Data(contentsOf: URL(fileURLWithPath: "\(output(name))/\(file)"))
    }
    return files
  }

  /// How many shards there are under their final names.
  package func shardCount(_ name: String) -> Int {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: output(name))) ?? []
    return names.count { $0.hasPrefix("shard-") && $0.hasSuffix(".sgmn") }
  }
}
