import Foundation
import Testing

/// The folder of a run, as a person finds it.
struct RunFolder: Sendable {
  let path: String

  /// A folder that no other test uses.
  init(_ name: String) throws { path = try World.shared().folder + "/\(name)-\(UUID().uuidString)" }

  /// `mpirun -n RANKS sgmn-train …` into this folder.
  func train(ranks: Int = 2, shards: String? = nil, _ settings: String...) throws -> Command {
    let world = try World.shared()
    return Command(
      "sgmn-train",
      ["--shards", shards ?? world.trainShards, "--out", path, "--config", world.configuration]
        + settings.flatMap { ["--set", $0] },
      ranks: ranks)
  }

  /// The checkpoints, the oldest first.
  var checkpoints: [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(path)/checkpoints")) ?? []
    return names.filter { $0.hasPrefix("step-") }.sorted()
  }

  static func checkpoint(_ step: Int) -> String { "step-" + String(String(step + 100_000_000).dropFirst()) }

  func bytes(_ file: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(file)")) }

  /// Removes the last `count` bytes of a file.
  func cut(_ file: String, by count: Int) throws {
    try bytes(file).dropLast(count).write(to: URL(fileURLWithPath: "\(path)/\(file)"))
  }

  /// The lines of `metrics.jsonl` that are complete.
  var metricsLineCount: Int {
    guard let data = try? bytes("metrics.jsonl") else { return 0 }
    return data.count { $0 == 0x0A }
  }

  /// What `metrics.jsonl` says of the training and not of the clock: one text a line.
  func losses() throws -> [String] {
    try bytes("metrics.jsonl").split(separator: 0x0A).map { line in
      let fields = try #require(try JSONSerialization.jsonObject(with: line) as? [String: Any])
      return fields.filter { name, _ in !name.contains("second") && !name.contains("wait") && name != "time" }
        .map { "\($0)=\($1)" }.sorted().joined(separator: " ")
    }
  }

  /// Expects the same weights, moments, state and losses as `other`, bit for bit.
  func expectSameEnd(as other: RunFolder, _ location: SourceLocation = #_sourceLocation) throws {
    let last = RunFolder.checkpoint(World.stepCount)
    for file in ["model.safetensors", "optimizer.safetensors", "state.json"] {
      let (ours, theirs) = (try bytes("checkpoints/\(last)/\(file)"), try other.bytes("checkpoints/\(last)/\(file)"))
      let isSame = ours == theirs  // of files that differ, a failed expectation would look for the differences
      #expect(isSame, "\(file) differs", sourceLocation: location)
    }
    #expect(try losses() == other.losses(), sourceLocation: location)
  }
}
