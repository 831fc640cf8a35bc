import DurableFiles
import Faults
import Foundation
import ShardFormat

/// What a folder's shards are being made of, in the folder as `build.json`: a build goes on only with the same.
struct BuildPlan: Codable, Equatable {
  static let name = "build.json"
  private static let byteLimit = 16 << 20

  var configuration: ShardConfiguration
  /// The source as the command line names it.
  var source: String
  var entryCount: Int

  var shardCount: Int { (entryCount + configuration.samplesPerShard - 1) / configuration.samplesPerShard }

  /// The entries of the source that a shard is made of.
  func range(of shard: Int) -> Range<Int> {
    let start = shard * configuration.samplesPerShard
    return start..<min(start + configuration.samplesPerShard, entryCount)
  }

  /// Throws `Fault(.badData)` where the file is no plan.
  init(in folder: String) throws {
    let path = "\(folder)/\(BuildPlan.name)"
    do {
      self = try JSONDecoder().decode(
        BuildPlan.self, from: Data(FileReader.contents(of: path, limit: BuildPlan.byteLimit)))
    } catch let fault as Fault {
      throw fault
    } catch {
      throw Fault(.badData, "Not the plan of a build", at: path, remedy: "Choose another folder")
    }
  }

  init(configuration: ShardConfiguration, source: String, entryCount: Int) {
    self.configuration = configuration
    self.source = source
    self.entryCount = entryCount
  }

  func write(in folder: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try DurableFile.write(Array(try encoder.encode(self)) + [0x0A], to: "\(folder)/\(BuildPlan.name)")
  }

  /// How this plan differs from `other`, each as `name: ours, now theirs`; empty where they are the same.
  func differences(from other: BuildPlan) -> [String] {
    var lines: [String] = []
    func compare<Value: Equatable>(_ name: String, _ own: Value, _ new: Value) {
      if own != new { lines.append("\(name) \(own), now \(new)") }
    }
    let (own, new) = (configuration, other.configuration)
    compare("--resolution", own.resolution, new.resolution)
    compare("--frames", own.maximumFrameCount, new.maximumFrameCount)
    compare("--pixels", own.pixelEncoding.name, new.pixelEncoding.name)
    compare("--level", own.compressionLevel, new.compressionLevel)
    compare("--samples-per-shard", own.samplesPerShard, new.samplesPerShard)
    compare(
      "text vectors", "\(own.textEncoder ?? "none") of \(own.textWidth)",
      "\(new.textEncoder ?? "none") of \(new.textWidth)")
    compare("token features", BuildPlan.text(own.tokens), BuildPlan.text(new.tokens))
    compare("frame sampling", own.frameSampling, new.frameSampling)
    compare("resizing", own.resizing, new.resizing)
    compare("source", source, other.source)
    compare("entries of the source", entryCount, other.entryCount)
    return lines
  }

  private static func text(_ shape: TokenShape?) -> String {
    shape.map { "at most \($0.maximumCount) of \($0.width)" } ?? "none"
  }
}
