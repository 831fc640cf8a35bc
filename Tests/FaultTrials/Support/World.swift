import Foundation
import Synchronization

/// A small world of live commerce, its shards, and a model that trains on them in seconds; made once for all tests.
package struct World: Sendable {
  package let folder: String
  package var trainShards: String { "\(folder)/train" }
  package var testShards: String { "\(folder)/test" }
  /// The configuration of all runs.
  package var configuration: String { "\(folder)/tiny.yaml" }

  package static let pairCount = 24
  package static let stepCount = 24
  package static let checkpointInterval = 6

  private static let made = Result { try World() }
  package static func shared() throws -> World { try made.get() }

  private static let trained = Mutex<[String: (run: RunFolder, result: Job.Result)]>([:])
  /// A run on so many ranks from start to end that nothing disturbed; made once for the same settings.
  package static func unbroken(
    ranks: Int = 2, settings: [String] = [], options: [String] = []
  ) throws -> (run: RunFolder, result: Job.Result) {
    let key = (["\(ranks)"] + settings + options).joined(separator: " ")
    return try trained.withLock { trained in
      if let made = trained[key] { return made }
      let run = try RunFolder("unbroken-\(ranks)")
      var command = try run.train(ranks: ranks, settings: settings)
      command.arguments += options
      let made = (run: run, result: try command.run())
      trained[key] = made
      return made
    }
  }

  private init() throws {
    folder = NSTemporaryDirectory() + "sgmn-end-to-end-\(getpid())"
    try? FileManager.default.removeItem(atPath: folder)
    atexit { try? FileManager.default.removeItem(atPath: NSTemporaryDirectory() + "sgmn-end-to-end-\(getpid())") }
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try World.text.write(toFile: configuration, atomically: true, encoding: .utf8)
    try shard(
      "demo", "--out", "\(folder)/demo", "--train-lives", "2", "--test-lives", "1", "--train-products", "6",
      "--test-products", "4", "--train-clips", "2", "--test-clips", "2", "--frames", "3", "--side", "32")
    for part in ["train", "test"] {
      try shard(
        "build", "--manifest", "\(folder)/demo/\(part).jsonl", "--out", "\(folder)/\(part)", "--resolution", "16",
        "--frames", "3")
    }
  }

  private func shard(_ arguments: String...) throws {
    let result = try Command("sgmn-shard", arguments).run()
    guard result.status == 0 else { throw TrialFailure(result.text) }
  }

  /// A copy of the training shards, to be damaged.
  package func copyOfTrainShards() throws -> String {
    let copy = "\(folder)/shards-\(UUID().uuidString)"
    try FileManager.default.copyItem(atPath: trainShards, toPath: copy)
    return copy
  }

  package static let text = """
    model:
      resolution: 16
      patch: 8
      width: 24
      layers: 1
      heads: 2
      embed_dim: 16
      frames: 3
      tmc_layers: 1
      tmc_heads: 2
      text_dim: 512
      gci_heads: 2
      smf_heads: 2
      smf_tokens: frame
      fusion_hidden: 16
    data:
      global_batch: 8
    schedule:
      steps: \(stepCount)
    checkpoint:
      every: \(checkpointInterval)

    """
}
