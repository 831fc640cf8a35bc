import Faults
import MediaDecoding
import ShardFormat
import TextEncoding

/// A source's media to pixels and its texts to vectors, in this process; keeps tables and working memory.
final class SampleDecoder: SampleEncoding {
  let configuration: ShardConfiguration
  private let textEncoder: (any TextEncoder)?
  private let pictures = PictureCache(capacity: 16)
  private let encoder: ShardEncoder
  private let squares: SquareDecoder

  init(_ settings: DecodeSettings) throws {
    configuration = settings.configuration
    textEncoder = settings.texts == .hashedNgrams ? HashedNgramEncoder() : nil
    squares = SquareDecoder(
      resolution: configuration.resolution, layout: configuration.pixelEncoding == .rgb ? .rgb : .yuv420,
      limits: settings.limits)
    encoder = try ShardEncoder(configuration: configuration)
  }

  var peakMemoryByteCount: Int { 0 }

  func encode(_ source: SampleSource) throws -> EncodedSample {
    do { return try encoded(source) } catch let fault as Fault { throw BadSample(source, fault) }
  }

  /// The sample as it is stored: frames at even spacing and the product picture. Throws a `Fault` about its media.
  func encoded(_ source: SampleSource) throws -> EncodedSample {
    var summary = SampleSummary(source)
    var frames: [UInt8] = []
    let picture = try pictures.picture(at: source.image) { try encoder.picture(squares.picture(at: source.image)) }
    switch source.frames {
    case .none: break
    case .video(let location):
      let clip = try squares.clip(at: location, limit: configuration.maximumFrameCount)
      summary.frameIndices = clip.indices.map(Int32.init)
      frames = clip.pictures
    case .pictures(let locations):
      guard !locations.isEmpty else { throw Fault(.badData, "A clip without a frame") }
      let indices = FrameSampling.evenIndices(frameCount: locations.count, limit: configuration.maximumFrameCount)
      summary.frameIndices = indices.map(Int32.init)
      frames = try squares.pictures(at: indices.map { locations[$0] })
    }
    try addVectors(to: &summary, source)
    return try encoder.sample(summary, frames: frames, picture: picture)
  }

  private func addVectors(to summary: inout SampleSummary, _ source: SampleSource) throws {
    if let textEncoder {
      summary.titleEmbedding = textEncoder.encode(source.title)
      summary.asrEmbedding = textEncoder.encode(source.asr)
    }
  }
}

extension SampleSummary {
  /// The texts and identifiers of a source, with the vectors it gives and no frames yet.
  fileprivate init(_ source: SampleSource) {
    var sample = Sample(
      clipID: source.clipID, imageID: source.imageID, liveID: source.liveID, productID: source.productID,
      categoryID: source.categoryID, title: source.title, asr: source.asr, tags: source.tags,
      rightImageIDs: source.rightImageIDs)
    sample.titleEmbedding = source.titleEmbedding
    sample.asrEmbedding = source.asrEmbedding
    self = sample.summary
  }
}
