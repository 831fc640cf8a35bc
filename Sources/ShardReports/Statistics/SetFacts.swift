import ShardFormat

/// What the index alone says of a set, without a look into its shards.
public struct SetFacts: Sendable, Encodable, Equatable {
  public var location: String
  /// The set's fingerprint, 16 hexadecimal digits.
  public var fingerprint: String
  public var resolution: Int
  public var maximumFrameCount: Int
  public var pixelEncoding: String
  public var compressionLevel: Int
  public var samplesPerShard: Int
  public var frameSampling: String
  public var resizing: String
  public var textEncoder: String?
  public var textWidth: Int
  /// Numbers of a token's features, and the most tokens of a text; 0 where the set has none.
  public var tokenWidth: Int
  public var maximumTokenCount: Int

  public var shardCount: Int
  public var sampleCount: Int
  /// Samples with frames.
  public var clipCount: Int
  /// Samples that are a picture alone.
  public var galleryPictureCount: Int
  public var frameCount: Int
  /// Different product images, by their ids.
  public var imageCount: Int
  /// Product pictures as stored: one a shard that needs it.
  public var storedPictureCount: Int
  public var productCount: Int
  /// Source entries that the build could not use.
  public var leftOutCount: Int
  /// Bytes of all shards.
  public var byteCount: Int
  /// Bytes of the shards for each sample.
  public var bytesPerSample: Double
  /// Bytes of every sample's frames and picture as RGB in memory.
  public var rgbByteCount: Int
  /// How many times smaller the shards are than that.
  public var ratio: Double

  public init(_ set: ShardSet) {
    let configuration = set.configuration
    location = set.folder
    let digits = String(set.fingerprint, radix: 16)
    fingerprint = String(repeating: "0", count: 16 - digits.count) + digits
    resolution = configuration.resolution
    maximumFrameCount = configuration.maximumFrameCount
    pixelEncoding = configuration.pixelEncoding.name
    compressionLevel = configuration.compressionLevel
    samplesPerShard = configuration.samplesPerShard
    frameSampling = configuration.frameSampling
    resizing = configuration.resizing
    textEncoder = configuration.textEncoder
    textWidth = configuration.textWidth
    tokenWidth = configuration.tokens?.width ?? 0
    maximumTokenCount = configuration.tokens?.maximumCount ?? 0

    sampleCount = set.count
    shardCount = set.index.shards.count
    byteCount = set.index.byteCount
    storedPictureCount = set.index.pictureCount
    leftOutCount = set.index.leftOutCount
    var (clips, frames) = (0, 0)
    for number in 0..<set.count {
      let count = set.frameCount(at: number)
      frames += count
      if count > 0 { clips += 1 }
    }
    clipCount = clips
    frameCount = frames
    galleryPictureCount = sampleCount - clips
    imageCount = SetFacts.distinctCount((0..<set.count).map { set.imageKey(at: $0) })
    productCount = SetFacts.distinctCount((0..<set.count).map { set.productKey(at: $0) })
    bytesPerSample = sampleCount > 0 ? Double(byteCount) / Double(sampleCount) : 0
    rgbByteCount = (frames + sampleCount) * configuration.rgbByteCount
    ratio = byteCount > 0 ? Double(rgbByteCount) / Double(byteCount) : 0
  }

  /// Sorting 4 million keys takes a third of the memory of a `Set` of them.
  static func distinctCount(_ keys: [UInt64]) -> Int {
    let sorted = keys.sorted()
    return zip(sorted, sorted.dropFirst()).reduce(sorted.isEmpty ? 0 : 1) { $0 + ($1.0 == $1.1 ? 0 : 1) }
  }
}

extension SetFacts {
  /// A few lines for a terminal.
  public var text: String {
    let tokens =
      tokenWidth > 0
      ? ", and \(Figures.grouped(tokenWidth)) a token of at most \(Figures.grouped(maximumTokenCount))" : ""
    let encoder = textEncoder.map { "\($0), \(textWidth) numbers\(tokens)" } ?? "none"
    let leftOut =
      leftOutCount > 0 ? "; \(Figures.count(leftOutCount, "source entry", plural: "source entries")) left out" : ""
    let pictures = Figures.count(galleryPictureCount, "gallery picture")
    return """
      \(location)
        samples     \(Figures.grouped(sampleCount)): \(Figures.count(clipCount, "clip")) with \
      \(Figures.count(frameCount, "frame")), \(pictures)\(leftOut)
        products    \(Figures.grouped(productCount)), images \(Figures.grouped(imageCount)) \
      (stored \(Figures.grouped(storedPictureCount)) times)
        pictures    \(resolution)×\(resolution), at most \(Figures.count(maximumFrameCount, "frame")) a clip; \
      resize \(resizing), sampling \(frameSampling)
        stored as   \(pixelEncoding), zstd level \(compressionLevel)
        texts       \(encoder)
        shards      \(Figures.grouped(shardCount)) of up to \(Figures.count(samplesPerShard, "source entry", plural: "source entries")), \
      \(Figures.byteCount(byteCount)); \(Figures.byteCount(Int(bytesPerSample))) a sample
        ratio       \(Figures.decimal(ratio, 2)) to \(Figures.byteCount(rgbByteCount)) of RGB
        fingerprint \(fingerprint)
      """
  }
}
