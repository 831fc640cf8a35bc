import Foundation
import ShardFormat

@testable import ShardBuilding

/// A small world of six training clips of three products, and sets built of it.
struct BuiltWorld {
  let folder: String
  var manifest: String { folder + "/world/train.jsonl" }

  init(_ folder: String) throws {
    self.folder = folder
    _ = try smallWorld().write(to: folder + "/world", threadCount: 2)
  }

  var clipIDs: [String] { (1...3).flatMap { product in (1...2).map { "train-01-00\(product)-\($0)" } } }

  func clip(_ id: String) -> String { folder + "/world/clips/train-01/\(id).mp4" }

  func catalog(_ path: String? = nil) throws -> any SampleCatalog {
    try SourceDescription(.manifest(path: path ?? manifest, allowOutside: false)).open(threadCount: 2).catalog
  }

  /// - Parameter perShard: two entries a shard give three shards, each of one product.
  func builder(_ policy: ShardBuilder.BadSamplePolicy = .fail, perShard: Int = 2, resolution: Int = 16) throws
    -> ShardBuilder
  {
    try ShardBuilder(
      configuration: ShardConfiguration(resolution: resolution, maximumFrameCount: 4, samplesPerShard: perShard),
      texts: .hashedNgrams, badSamplePolicy: policy, decoding: .inProcess)
  }

  @discardableResult
  func build(
    to output: String, _ policy: ShardBuilder.BadSamplePolicy = .fail, threads: Int = 2, perShard: Int = 2,
    resolution: Int = 16, manifest: String? = nil, _ change: (inout BuildOptions) -> Void = { _ in },
    watch: BuildWatch = BuildWatch()
  ) throws -> BuildReport {
    var options = BuildOptions(threadCount: threads)
    change(&options)
    return try builder(policy, perShard: perShard, resolution: resolution).build(
      catalog(manifest), source: manifest ?? self.manifest, to: output, options: options, watch: watch)
  }

  /// Cuts a clip short.
  func damage(_ id: String) throws {
    try Data(contentsOf: URL(fileURLWithPath: clip(id))).prefix(900).write(to: URL(fileURLWithPath: clip(id)))
  }

  /// What each shard file is on the disk: another number after it was written again.
  func fileNumbers(_ output: String) throws -> [String: Int] {
    var numbers: [String: Int] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: output) where name.hasSuffix(".sgmn") {
      numbers[name] =
        try FileManager.default.attributesOfItem(atPath: output + "/" + name)[.systemFileNumber] as? Int
    }
    return numbers
  }
}
