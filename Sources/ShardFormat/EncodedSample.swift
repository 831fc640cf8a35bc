import DurableFiles
import Faults

/// A compressed product picture: what all clips of a product in a shard share.
public struct EncodedPicture: Sendable, Equatable {
  let pixels: [UInt8]
  let hash: UInt64

  init(pixels: [UInt8]) {
    self.pixels = pixels
    hash = XXH3.hash(pixels)
  }

  /// Bytes in the shard, with the record's head.
  public var byteCount: Int { ShardLimits.pictureHeadByteCount + pixels.count }
}

/// A sample as it will stand in a shard: details, compressed pixels, its product picture, and token features.
///
/// It depends on the sample and the configuration alone, so samples can be encoded on any number of threads and
/// appended in order: the shards come out byte for byte the same.
public struct EncodedSample: Sendable, Equatable {
  let details: [UInt8]
  let pixels: [UInt8]
  let pixelHash: UInt64
  public let frameCount: Int
  public let picture: EncodedPicture
  let tokens: EncodedSampleTokens
  let productKey: UInt64
  let imageKey: UInt64
  let clipKey: UInt64
  let configurationHash: UInt64

  /// Bytes in the shard, without its picture and the line of the index.
  public var byteCount: Int { ShardLimits.sampleHeadByteCount + details.count + pixels.count }

  init(
    details: [UInt8], pixels: [UInt8], frameCount: Int, picture: EncodedPicture, summary: SampleSummary,
    tokens: EncodedSampleTokens, configurationHash: UInt64
  ) {
    self.details = details
    self.pixels = pixels
    pixelHash = XXH3.hash(pixels)
    self.frameCount = frameCount
    self.picture = picture
    self.tokens = tokens
    productKey = summary.productKey
    imageKey = XXH3.hash(summary.imageID)
    clipKey = summary.clipKey
    self.configurationHash = configurationHash
  }

  /// Its details and pixels in bytes, to hand to another process; not for sets with token features.
  public var serialized: [UInt8] {
    precondition(tokens == EncodedSampleTokens(), "a sample with token features")
    var writer = ByteWriter(capacity: 12 + details.count + pixels.count + picture.pixels.count)
    for part in [details, pixels, picture.pixels] {
      writer.count32(part.count)
      writer.append(part)
    }
    return writer.bytes
  }

  /// What `serialized` gave. `Fault(.badData)` for anything else; the pixels are not decompressed.
  public init(serialized bytes: [UInt8], configuration: ShardConfiguration) throws {
    var reader = ByteReader(bytes, path: "an encoded sample")
    let details = Array(
      try reader.bytes(
        reader.count32("size of the details", limit: ShardLimits.maximumDetailsByteCount), "details"))
    let pixels = Array(try reader.bytes(reader.count32("size of the pixels", limit: Int(UInt32.max)), "pixels"))
    let picture = Array(try reader.bytes(reader.count32("size of the picture", limit: Int(UInt32.max)), "picture"))
    try reader.expectEnd()
    var detailsReader = ByteReader(details, path: "an encoded sample")
    let summary = try SampleSummary(&detailsReader, configuration: configuration)
    self.init(
      details: details, pixels: pixels, frameCount: summary.frameCount, picture: EncodedPicture(pixels: picture),
      summary: summary, tokens: EncodedSampleTokens(), configurationHash: XXH3.hash(configuration.record))
  }
  /// The same pixels with other texts and embeddings, for a set that is otherwise like this one's.
  ///
  /// - Parameters:
  ///   - summary: with the frames that are here; `Fault(.badData)` where a field exceeds a limit, or embeddings and
  ///     token features are not what `configuration` says.
  public func describing(
    _ summary: SampleSummary, tokens: SampleTokens, configuration: ShardConfiguration
  ) throws -> EncodedSample {
    precondition(summary.frameCount == frameCount, "\(summary.frameCount) frames described, \(frameCount) stored")
    return EncodedSample(
      details: try summary.encoded(configuration), pixels: pixels, frameCount: frameCount, picture: picture,
      summary: summary, tokens: try EncodedSampleTokens(tokens, summary, configuration),
      configurationHash: XXH3.hash(configuration.record))
  }
}
