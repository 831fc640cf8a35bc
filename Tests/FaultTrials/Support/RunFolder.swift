import Foundation

/// The folder of a run, as a person finds it.
package struct RunFolder: Sendable {
  package let path: String

  /// A folder that no other test uses.
  package init(_ name: String) throws { path = try World.shared().folder + "/\(name)-\(UUID().uuidString)" }

  /// `mpirun -n RANKS sgmn-train …` into this folder.
  package func train(ranks: Int = 2, shards: String? = nil, _ settings: String...) throws -> Command {
    try train(ranks: ranks, shards: shards, settings: settings)
  }

  package func train(ranks: Int, shards: String? = nil, settings: [String]) throws -> Command {
    let world = try World.shared()
    return Command(
      "sgmn-train",
      ["--shards", shards ?? world.trainShards, "--out", path, "--config", world.configuration]
        + settings.flatMap { ["--set", $0] },
      ranks: ranks)
  }

  /// The checkpoints, the oldest first.
  package var checkpoints: [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(path)/checkpoints")) ?? []
    return names.filter { $0.hasPrefix("step-") }.sorted()
  }

  /// The step of the newest checkpoint; 0 where there is none.
  package var newestStep: Int { checkpoints.last.flatMap { Int($0.dropFirst("step-".count)) } ?? 0 }

  /// Whether a checkpoint is being written.
  package var isSaving: Bool {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(path)/checkpoints")) ?? []
    return names.contains { $0.hasPrefix(".step-") }
  }

  package static func checkpoint(_ step: Int) -> String { "step-" + String(String(step + 100_000_000).dropFirst()) }

  package func bytes(_ file: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(file)")) }

  /// Removes the last `count` bytes of a file.
  package func cut(_ file: String, by count: Int) throws {
    try bytes(file).dropLast(count).write(to: URL(fileURLWithPath: "\(path)/\(file)"))
  }

  /// Hidden and temporary files anywhere below the run: what a finished run leaves none of.
  package var temporaryFiles: [String] {
    let all = (try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? []
    return all.filter { file in
      file.split(separator: "/").contains { $0.hasPrefix(".") || $0.contains(".tmp") }
    }.sorted()
  }

  /// The names of the `error.rank-R.json`.
  package var errorRecords: [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return names.filter { $0.hasPrefix("error.rank-") }.sorted()
  }

  /// The lines of `metrics.jsonl` that are complete.
  package var metricsLineCount: Int {
    guard let data = try? bytes("metrics.jsonl") else { return 0 }
    return data.count { $0 == 0x0A }
  }

  /// What `metrics.jsonl` says of the training and not of the clock: one text a line.
  package func losses() throws -> [String] {
    try bytes("metrics.jsonl").split(separator: 0x0A).map { line in
      guard let fields = try JSONSerialization.jsonObject(with: line) as? [String: Any] else {
        throw TrialFailure("a line of metrics.jsonl is no object")
      }
      return fields.filter { name, _ in !name.contains("second") && !name.contains("wait") && name != "time" }
        .map { "\($0)=\($1)" }.sorted().joined(separator: " ")
    }
  }

  /// What differs from the end of `other`: weights, moments, state or losses, bit by bit; empty where nothing does.
  package func differences(from other: RunFolder) throws -> [String] {
    guard newestStep == World.stepCount else { return ["the newest checkpoint is of step \(newestStep)"] }
    let last = RunFolder.checkpoint(World.stepCount)
    var differences: [String] = []
    for file in ["model.safetensors", "optimizer.safetensors", "state.json"] {
      let (ours, theirs) = (try bytes("checkpoints/\(last)/\(file)"), try other.bytes("checkpoints/\(last)/\(file)"))
      if ours != theirs { differences.append("\(file) differs") }
    }
    if try losses() != other.losses() { differences.append("the losses differ") }
    return differences
  }
}
