import FaultTrials
import Foundation
import Randomness
import ShardFormat

/// The shards of the small world, with features of every token of their texts: a deterministic function of each word.
struct TokenFixture {
  static let width = 6
  static let limit = 12
  let train: String
  let test: String

  init(_ name: String) throws {
    let world = try World.shared()
    (train, test) = ("\(world.folder)/\(name)-train", "\(world.folder)/\(name)-test")
    try TokenFixture.write(world.trainShards, to: train)
    try TokenFixture.write(world.testShards, to: test)
  }

  private static func write(_ old: String, to folder: String) throws {
    let set = try ShardSet(folder: old)
    var configuration = set.configuration
    configuration.tokens = TokenShape(width: width, maximumCount: limit)
    let writer = try ShardWriter(folder: folder, configuration: configuration)
    let decoder = ShardDecoder()
    for number in 0..<set.count {
      var sample = try set.read(at: number, using: decoder)
      // Some samples lack a text, as clips in which nobody speaks do.
      if number % 5 == 3 { sample.asrEmbedding = [] }
      sample.tokens = SampleTokens(
        title: sample.titleEmbedding.isEmpty ? nil : features(of: sample.title),
        asr: sample.asrEmbedding.isEmpty ? nil : features(of: sample.asr))
      try writer.append(sample)
    }
    try writer.finish()
  }

  private static func features(of text: String) -> TokenFeatures {
    let words = Array(text.split(separator: " ").prefix(limit))
    let values = words.flatMap { word in
      var stream = RandomStream(seed: 1, String(word))
      return (0..<width).map { _ in Float(stream.normal()) }
    }
    return words.isEmpty
      ? TokenFeatures([Float](repeating: 1, count: width), count: 1) : TokenFeatures(values, count: words.count)
  }
}
