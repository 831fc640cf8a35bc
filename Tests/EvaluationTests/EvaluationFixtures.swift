import Evaluation
import Foundation
import NeuralNetworks
import Randomness
import SGMNModel
import ShardFormat
import TensorCore
import TextEncoding

/// A folder of its own for one test, gone with the value.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "evaluation-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

enum EvaluationFixtures {
  static let shardConfiguration = ShardConfiguration(
    resolution: 16, maximumFrameCount: 6, pixelEncoding: .rgb, samplesPerShard: 10, textEncoder: "random", textWidth: 6)

  /// The same samples with features of three numbers for every token of their texts.
  static var tokenConfiguration: ShardConfiguration {
    var configuration = shardConfiguration
    configuration.tokens = TokenShape(width: 3, maximumCount: 7)
    return configuration
  }

  static let tokenSamples: [Sample] = samples.enumerated().map { number, sample in
    var sample = sample
    if !sample.titleEmbedding.isEmpty { sample.tokens.title = tokens("title tokens", number % 17) }
    if !sample.asrEmbedding.isEmpty { sample.tokens.asr = tokens("asr tokens", number) }
    return sample
  }

  private static func tokens(_ kind: String, _ number: Int) -> TokenFeatures {
    var stream = RandomStream(seed: 6, kind, number)
    let count = 1 + number % 7
    return TokenFeatures((0..<3 * count).map { _ in Float(stream.normal()) }, count: count)
  }

  static var gatedModelConfiguration: ModelConfiguration {
    var c = modelConfiguration
    (c.textFilter, c.textTokenDim, c.textGateHidden) = (.gated, 3, 5)
    return c
  }

  /// No text encoder has been asked.
  static var wordConfiguration: ShardConfiguration {
    var configuration = shardConfiguration
    (configuration.textEncoder, configuration.textWidth) = (nil, 0)
    return configuration
  }

  /// The same samples with words in the place of embeddings.
  static let wordSamples: [Sample] = samples.enumerated().map { number, sample in
    var sample = sample
    let words = { (kind: String, number: Int) in
      var stream = RandomStream(seed: 7, kind, number)
      return (0..<(1 + number % 6)).map { _ in ["红", "dress", "blue", "shoe", "新"][stream.integer(below: 5)] }
        .joined(separator: " ")
    }
    sample.title = sample.titleEmbedding.isEmpty ? " " : words("title", number % 17)
    sample.asr = sample.asrEmbedding.isEmpty ? "" : words("asr", number)
    (sample.titleEmbedding, sample.asrEmbedding) = ([], [])
    return sample
  }

  static func tokenizer() throws -> TextTokenizer {
    var words = WordCounts()
    for sample in wordSamples { words.add(sample.title + " " + sample.asr) }
    return try TextTokenizer(vocabulary: VocabularyDraft(words, limit: 40).bytes, path: "vocab.txt", limit: 6)
  }

  static func encodingModelConfiguration(_ filter: ModelConfiguration.TextFilterKind) -> ModelConfiguration {
    var c = modelConfiguration
    (c.trainsText, c.textFilter, c.textTokenDim, c.textGateHidden) = (true, filter, 8, 5)
    (c.textEncoder.vocabularySize, c.textEncoder.positions, c.textEncoder.tokens) = (40, 7, 6)
    (c.textEncoder.width, c.textEncoder.heads, c.textEncoder.layers) = (8, 2, 1)
    (c.textEncoder.hidden, c.textEncoder.projection) = (12, 6)
    return c
  }

  static var modelConfiguration: ModelConfiguration {
    var c = ModelConfiguration()
    (c.resolution, c.patch, c.width, c.layers, c.heads, c.embedDim, c.frames) = (16, 8, 16, 1, 2, 24, 3)
    (c.tmcLayers, c.tmcHeads, c.textDim) = (1, 2, 6)
    (c.gci, c.smf) = (false, false)
    return c
  }

  /// A model with random weights; the arena keeps them.
  static func model(_ configuration: ModelConfiguration = modelConfiguration) throws -> (
    model: SGMN, arena: ParameterArena, backend: CPUBackend
  ) {
    let backend = CPUBackend()
    let model = try SGMN(configuration)
    return (model, ParameterArena(model, seed: 11, backend: backend), backend)
  }

  /// 46 samples of 4 lives: clips of 1 … 6 frames (the model sees 3), pictures alone, pictures with several clips,
  /// pictures of two lives, clips with several right images, with one that is elsewhere, and without an answer.
  static let samples: [Sample] = (0..<46).map { number in
    var stream = RandomStream(seed: 3, "sample", number)
    let image = number % 17
    let isPicture = number % 9 == 4
    let live = number == 40 ? "live-0" : "live-\(number % 4)"
    let frameCount = isPicture ? 0 : 1 + number % 6
    let scale = ["small", "medium", "large"][number % 3]
    let hasTitle = number < 20 ? image % 4 != 3 : image % 8 == 3  // some images only in a later sample, some never
    var right: [String] = []
    if number % 5 == 0 { right = ["image-\(image)", "image-\((image + 4) % 17)", "image-nowhere"] }
    if number == 21 || number == 33 { right = ["image-nowhere"] }
    return Sample(
      clipID: isPicture ? "" : "clip-\(number)", imageID: "image-\(image)", liveID: live,
      productID: "product-\(image)",
      tags: number % 10 == 0 ? ["scale": scale, "note": "rare"] : ["scale": scale], rightImageIDs: right,
      frameIndices: (0..<frameCount).map { Int32($0) },
      frames: (0..<frameCount).flatMap { _ in picture(&stream) }, image: picture(image),
      titleEmbedding: hasTitle ? text("title", image) : [],
      asrEmbedding: number % 7 == 0 ? [] : text("asr", number))
  }

  /// The picture of an image id, in blocks of random colours.
  static func picture(_ image: Int) -> [UInt8] {
    var stream = RandomStream(seed: 4, "image", image)
    return picture(&stream)
  }

  private static func picture(_ stream: inout RandomStream) -> [UInt8] {
    (0..<3).flatMap { _ in
      let blocks: [UInt8] = (0..<16).map { _ in UInt8(truncatingIfNeeded: stream.next()) }
      return (0..<256).map { (pixel: Int) -> UInt8 in blocks[pixel / 64 * 4 + pixel % 16 / 4] }
    }
  }

  private static func text(_ kind: String, _ number: Int) -> [Float] {
    var stream = RandomStream(seed: 5, kind, number)
    return (0..<6).map { _ in Float(Float16(stream.normal())) }
  }

  static func shards(
    _ folder: String, _ samples: [Sample] = samples, configuration: ShardConfiguration = shardConfiguration
  ) throws -> ShardSet {
    let writer = try ShardWriter(folder: folder, configuration: configuration)
    for sample in samples { try writer.append(sample) }
    try writer.finish()
    return try ShardSet(folder: folder)
  }
}
