import Foundation
import ShardFormat

extension TinyRun {
  /// Writes the shards again, every third sample without ASR and every fourth without title.
  func dropSomeTexts() throws {
    let set = try ShardSet(folder: shards)
    let decoder = ShardDecoder()
    let samples = try (0..<set.count).map { number in
      var sample = try set.read(at: number, using: decoder)
      if number % 3 == 1 { sample.asrEmbedding = [] }
      if number % 4 == 1 { sample.titleEmbedding = [] }
      return sample
    }
    try FileManager.default.removeItem(atPath: shards)
    let writer = try ShardWriter(folder: shards, configuration: set.configuration)
    for sample in samples { try writer.append(sample) }
    _ = try writer.finish()
  }
}
