import Faults
import MediaDecoding
import ShardFormat
import TextEncoding

/// A source's media to pixels and its texts to vectors; keeps tables and working memory. One thread at a time.
final class SampleDecoder {
  private let configuration: ShardConfiguration
  private let textEncoder: (any TextEncoder)?
  private let limits: MediaLimits
  private let images: PictureCache
  private let encoder: ShardEncoder
  private let squares: SquareDecoder

  init(
    configuration: ShardConfiguration, textEncoder: (any TextEncoder)?, limits: MediaLimits, images: PictureCache
  ) throws {
    self.configuration = configuration
    self.textEncoder = textEncoder
    self.limits = limits
    self.images = images
    squares = SquareDecoder(resolution: configuration.resolution, layout: .rgb, limits: limits)
    encoder = try ShardEncoder(configuration: configuration)
  }

  /// The sample as it is stored, and its number of frames.
  func encode(_ source: SampleSource) throws -> (encoded: EncodedSample, frameCount: Int) {
    let sample = try decode(source)
    return (try encoder.encode(sample), sample.frameCount)
  }

  /// A sample with its pixels: `[L, 3, R, R]` frames at even spacing and the `[3, R, R]` picture.
  func decode(_ source: SampleSource) throws -> Sample {
    var sample = Sample(
      clipID: source.clipID, imageID: source.imageID, liveID: source.liveID, productID: source.productID,
      categoryID: source.categoryID, title: source.title, asr: source.asr, tags: source.tags,
      rightImageIDs: source.rightImageIDs)
    sample.image = try images.planes(of: source.image.description) { try squares.picture(at: source.image) }
    switch source.frames {
    case .none: break
    case .video(let location):
      let clip = try squares.clip(at: location, limit: configuration.maximumFrameCount)
      sample.frameIndices = clip.indices.map(Int32.init)
      sample.frames = clip.pictures
    case .pictures(let paths):
      guard !paths.isEmpty else { throw Fault(.badData, "A clip without a frame") }
      for index in FrameSampling.evenIndices(frameCount: paths.count, limit: configuration.maximumFrameCount) {
        sample.frameIndices.append(Int32(index))
        sample.frames += try squares.picture(at: paths[index])
      }
    }
    if let textEncoder {
      sample.titleEmbedding = textEncoder.encode(source.title)
      sample.asrEmbedding = textEncoder.encode(source.asr)
    }
    return sample
  }
}
