import DurableFiles
import Faults

/// What all samples of a set have in common, and how its shards are written.
public struct ShardConfiguration: Codable, Sendable, Equatable {
  /// Height and width of every frame and image, in pixels.
  public var resolution: Int
  /// The most frames that a sample may have.
  public var maximumFrameCount: Int
  public var pixelEncoding: PixelEncoding
  /// zstd level, 1 … 19; higher is smaller and slower to write, and equally fast to read.
  public var compressionLevel: Int
  /// Source entries of a shard; the last one has fewer. So what is in a shard does not depend on the others.
  public var samplesPerShard: Int
  /// Name of the encoder that made the text embeddings; nil if the set has none.
  public var textEncoder: String?
  /// Numbers in a text embedding; 0 if the set has none.
  public var textWidth: Int
  /// How token features of its texts are shaped; nil if the set has none.
  public var tokens: TokenShape?
  /// How the frames of a clip were chosen: `even` is linspace(0, n − 1, L), truncated.
  public var frameSampling: String
  /// How pictures became R×R: `bicubic-centre` is Pillow's antialiased bicubic of the short side, then the centre square.
  public var resizing: String

  public init(
    resolution: Int, maximumFrameCount: Int, pixelEncoding: PixelEncoding = .yuv420, compressionLevel: Int = 1,
    samplesPerShard: Int = 512, textEncoder: String? = nil, textWidth: Int = 0, tokens: TokenShape? = nil,
    frameSampling: String = "even", resizing: String = "bicubic-centre"
  ) {
    self.resolution = resolution
    self.maximumFrameCount = maximumFrameCount
    self.pixelEncoding = pixelEncoding
    self.compressionLevel = compressionLevel
    self.samplesPerShard = samplesPerShard
    self.textEncoder = textEncoder
    self.textWidth = textWidth
    self.tokens = tokens
    self.frameSampling = frameSampling
    self.resizing = resizing
  }

  /// Throws `Fault(.configuration)` for the first setting that the format does not allow.
  public func validate() throws {
    func require(_ value: Int, _ name: String, _ range: ClosedRange<Int>) throws {
      guard range.contains(value) else {
        throw Fault(
          .configuration, "\(name) is \(value), outside \(range.lowerBound) … \(range.upperBound)",
          at: "shard configuration")
      }
    }
    try require(resolution, "resolution", 1...ShardLimits.maximumResolution)
    try require(maximumFrameCount, "maximumFrameCount", 1...ShardLimits.maximumFrameCount)
    try require(compressionLevel, "compressionLevel", 1...19)
    try require(samplesPerShard, "samplesPerShard", 1...ShardLimits.maximumShardSampleCount)
    try require(textWidth, "textWidth", 0...ShardLimits.maximumTextWidth)
    try require(frameSampling.utf8.count, "length of frameSampling", 1...ShardLimits.maximumMethodNameByteCount)
    try require(resizing.utf8.count, "length of resizing", 1...ShardLimits.maximumMethodNameByteCount)
    if let textEncoder {
      try require(textEncoder.utf8.count, "length of textEncoder", 1...ShardLimits.maximumEncoderNameByteCount)
    }
    guard (textEncoder == nil) == (textWidth == 0) else {
      throw Fault(
        .configuration, "textEncoder \(textEncoder ?? "none") does not go with textWidth \(textWidth)",
        at: "shard configuration", remedy: "Give both or neither")
    }
    guard let tokens else { return }
    try require(tokens.width, "token width", 1...ShardLimits.maximumTokenWidth)
    try require(tokens.maximumCount, "most tokens of a text", 1...ShardLimits.maximumTokenCount)
    guard textWidth > 0 else {
      throw Fault(
        .configuration, "Token features without text embeddings", at: "shard configuration",
        remedy: "Give textEncoder and textWidth too")
    }
  }

  /// Bytes of one picture in the set's encoding, as it stands in memory.
  public var pictureByteCount: Int { pixelEncoding.pictureByteCount(resolution: resolution) }

  /// Bytes of one picture as `[3, R, R]`.
  public var rgbByteCount: Int { 3 * resolution * resolution }

  /// The configuration record of shards/FORMAT.md.
  var record: [UInt8] {
    var writer = ByteWriter()
    writer.count32(resolution)
    writer.count32(maximumFrameCount)
    writer.count32(textWidth)
    writer.integer(UInt32(pixelEncoding.rawValue))
    writer.integer(Int32(compressionLevel))
    writer.count32(samplesPerShard)
    writer.string(textEncoder ?? "")
    writer.string(frameSampling)
    writer.string(resizing)
    if let tokens {
      writer.count32(tokens.width)
      writer.count32(tokens.maximumCount)
    }
    return writer.bytes
  }

  /// The version of the index that holds the record.
  var indexVersion: UInt32 { tokens == nil ? ShardLimits.version : ShardLimits.tokenIndexVersion }

  /// - Parameter indexVersion: the version of the index that the record is from; it says which fields it has.
  init(record: [UInt8], indexVersion: UInt32, path: String, offset: Int) throws {
    var reader = ByteReader(record, path: path, offset: offset)
    resolution = try reader.count32("resolution", limit: ShardLimits.maximumResolution)
    maximumFrameCount = try reader.count32("frame limit", limit: ShardLimits.maximumFrameCount)
    textWidth = try reader.count32("text width", limit: ShardLimits.maximumTextWidth)
    let id = try reader.integer(UInt32.self, "pixel encoding")
    guard let encoding = UInt16(exactly: id).flatMap(PixelEncoding.init(rawValue:)) else {
      throw reader.fault("Pixel encoding \(id) is unknown to this version of the program")
    }
    pixelEncoding = encoding
    compressionLevel = Int(try reader.integer(Int32.self, "compression level"))
    samplesPerShard = try reader.count32("samples of a shard", limit: ShardLimits.maximumShardSampleCount)
    let name = try reader.string("text encoder", limit: ShardLimits.maximumEncoderNameByteCount)
    textEncoder = name.isEmpty ? nil : name
    frameSampling = try reader.string("frame sampling", limit: ShardLimits.maximumMethodNameByteCount)
    resizing = try reader.string("resizing", limit: ShardLimits.maximumMethodNameByteCount)
    if indexVersion == ShardLimits.tokenIndexVersion {
      tokens = TokenShape(
        width: try reader.count32("token width", limit: ShardLimits.maximumTokenWidth),
        maximumCount: try reader.count32("most tokens of a text", limit: ShardLimits.maximumTokenCount))
    }
    try reader.expectEnd()
    do { try validate() } catch let fault as Fault { throw reader.fault(fault.what) }
  }
}
