import Foundation

/// A small world of live commerce, its shards, and a model that trains on them in seconds; made once for all tests.
struct World: Sendable {
  let folder: String
  var trainShards: String { "\(folder)/train" }
  var testShards: String { "\(folder)/test" }
  /// The configuration of all runs.
  var configuration: String { "\(folder)/tiny.yaml" }

  static let pairCount = 24
  static let stepCount = 24
  static let checkpointInterval = 6

  private static let made = Result { try World() }
  static func shared() throws -> World { try made.get() }

  private static let trained = Result {
    let run = try RunFolder("unbroken")
    return (run: run, result: try run.train().run())
  }
  /// A run on two ranks from start to end that nothing disturbed.
  static func unbroken() throws -> (run: RunFolder, result: Job.Result) { try trained.get() }

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
    guard result.status == 0 else { throw Failure(text: result.text) }
  }

  struct Failure: Error { var text: String }

  /// A copy of the training shards, to be damaged.
  func copyOfTrainShards() throws -> String {
    let copy = "\(folder)/shards-\(UUID().uuidString)"
    try FileManager.default.copyItem(atPath: trainShards, toPath: copy)
    return copy
  }

  static let text = """
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
