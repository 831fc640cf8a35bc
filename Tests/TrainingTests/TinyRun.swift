import Collectives
import Foundation
import Randomness
import SGMNModel
import ShardFormat
import Telemetry
import TensorCore

@testable import Training

/// Shards of random pictures, and a configuration that trains on them in milliseconds.
final class TinyRun {
  let folder: String
  var shards: String { "\(folder)/shards" }

  /// - Parameters:
  ///   - tokenWidth: numbers of a token's features; 0 for shards without.
  ///   - texts: title and ASR of every pair; nil for texts of one letter with embeddings, else there are none.
  init(
    pairs: Int = 12, samplesPerShard: Int = 512, tokenWidth: Int = 0,
    texts: ((Int) -> (title: String, asr: String))? = nil
  ) throws {
    folder = NSTemporaryDirectory() + "sgmn-training-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let writer = try ShardWriter(
      folder: shards,
      configuration: ShardConfiguration(
        resolution: 16, maximumFrameCount: 3, samplesPerShard: samplesPerShard,
        textEncoder: texts == nil ? "hashed-ngrams" : nil, textWidth: texts == nil ? 8 : 0,
        tokens: tokenWidth > 0 ? TokenShape(width: tokenWidth, maximumCount: 5) : nil))
    for number in 0..<pairs {
      var random = RandomStream(seed: 5, "pixels", number)
      let pixels = { (count: Int, random: inout RandomStream) in
        (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      }
      let frames = 1 + number % 3
      let tokens = { (count: Int, random: inout RandomStream) -> TokenFeatures? in
        tokenWidth > 0
          ? TokenFeatures((0..<count * tokenWidth).map { _ in Float(random.normal()) }, count: count) : nil
      }
      let text = texts?(number) ?? (title: "t", asr: "a")
      let embedding = { (random: inout RandomStream) in
        texts == nil ? (0..<8).map { _ in Float(Float16(random.normal())) } : []
      }
      try writer.append(
        Sample(
          clipID: "clip-\(number)", imageID: "image-\(number)", liveID: "live", productID: "product-\(number / 2)",
          categoryID: "c", title: text.title, asr: text.asr, frameIndices: (0..<Int32(frames)).map { $0 },
          frames: pixels(frames * 768, &random), image: pixels(768, &random),
          titleEmbedding: embedding(&random), asrEmbedding: embedding(&random),
          tokens: SampleTokens(title: tokens(1 + number % 5, &random), asr: tokens(1 + number % 3, &random))))
    }
    _ = try writer.finish()
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  var configuration: RunConfiguration {
    var c = RunConfiguration()
    c.data.train = shards
    c.data.globalBatch = 4
    c.schedule.steps = 8
    c.checkpoint.every = 3
    c.model.resolution = 16
    c.model.patch = 8
    c.model.width = 24
    c.model.heads = 2
    c.model.layers = 1
    c.model.embedDim = 16
    c.model.frames = 3
    c.model.tmcLayers = 1
    c.model.tmcHeads = 2
    c.model.textDim = 8
    c.model.gciHeads = 2
    c.model.smfHeads = 2
    c.model.fusionHidden = 16
    return c
  }

  func trainer(
    _ configuration: RunConfiguration, out: String, resume: Trainer.Resume = .automatic,
    log: @escaping @Sendable (String) -> Void = { _ in }
  ) throws -> Trainer {
    try Trainer(
      configuration, folder: "\(folder)/\(out)", resume: resume, communicator: SoloCommunicator(),
      backend: CPUBackend(),
      logger: Logger(terminal: Terminal(canRedraw: false, sink: log)))
  }
}
