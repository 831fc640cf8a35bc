import DurableFiles
import Faults

/// Checks and compresses samples. It keeps zstd's working memory between samples: one encoder a thread.
public final class ShardEncoder {
  public let configuration: ShardConfiguration
  private let compressor: PixelCompressor
  private let configurationHash: UInt64

  /// Throws `Fault(.configuration)` if the configuration is not valid.
  public init(configuration: ShardConfiguration) throws {
    try configuration.validate()
    self.configuration = configuration
    compressor = try PixelCompressor(configuration)
    configurationHash = XXH3.hash(configuration.record)
  }

  /// A product picture of the set's encoding and resolution; clips that share it can share the result.
  public func picture(_ planes: [UInt8]) throws -> EncodedPicture {
    let expected = configuration.pictureByteCount
    guard planes.count == expected else {
      throw Fault(.badData, "The image has \(planes.count) bytes, expected \(expected)")
    }
    return EncodedPicture(pixels: try compressor.compressed(planes))
  }

  /// A sample of `frames`, pictures of the set's encoding one after another. `Fault(.badData)` naming the clip if they
  /// are not as many as the summary says, or a field exceeds a limit of the format.
  public func sample(
    _ summary: SampleSummary, frames: [UInt8], picture: EncodedPicture, tokens: SampleTokens = SampleTokens()
  ) throws -> EncodedSample {
    let details = try summary.encoded(configuration)
    let tokens = try EncodedSampleTokens(tokens, summary, configuration)
    let expected = summary.frameCount * configuration.pictureByteCount
    guard frames.count == expected else {
      throw Fault(
        .badData, "\(summary.frameCount) frames have \(frames.count) bytes, expected \(expected)", at: summary.place)
    }
    return EncodedSample(
      details: details, pixels: try compressor.compressed(frames), frameCount: summary.frameCount, picture: picture,
      summary: summary, tokens: tokens, configurationHash: configurationHash)
  }

  /// A sample with its pixels as RGB, converted to the set's encoding.
  public func encode(_ sample: Sample) throws -> EncodedSample {
    let summary = sample.summary
    for (name, bytes, count) in [("image", sample.image, 1), ("frames", sample.frames, sample.frameCount)] {
      let expected = count * configuration.rgbByteCount
      guard bytes.count == expected else {
        throw Fault(
          .badData,
          "\(name == "image" ? "The image has" : "\(count) frames have") \(bytes.count) bytes, expected \(expected)",
          at: summary.place)
      }
    }
    let (encoding, resolution) = (configuration.pixelEncoding, configuration.resolution)
    return try self.sample(
      summary, frames: encoding.pictures(fromRGB: sample.frames, resolution: resolution),
      picture: picture(encoding.pictures(fromRGB: sample.image, resolution: resolution)), tokens: sample.tokens)
  }
}
