import DurableFiles
import Faults

/// Writes one shard file from header to trailer. It appears under its name at `finish()`, whole and on the disk; a
/// writer that is released before leaves nothing behind. Used by one thread at a time.
public final class ShardFileWriter {
  private let number: Int
  private let configurationHash: UInt64
  private let samplesPerShard: Int
  private let file: DurableFileWriter
  private var samples = ByteWriter()
  private var pictures = ByteWriter()
  private var leftOut: [UInt8] = []
  private let tokens: TokenTableWriter?
  private var (sampleCount, pictureCount, leftOutCount, frameCount) = (0, 0, 0, 0)
  private var nextPlace = 0
  /// Pictures in the file: by image and content, so that another picture of the same name is not mistaken for it.
  private var known: [PictureKey: Int] = [:]

  private struct PictureKey: Hashable {
    var imageKey: UInt64
    var hash: UInt64
    var byteCount: Int
  }

  /// - Parameters:
  ///   - number: of the shard in its set.
  ///   - sourceHash: stands for the source entries it is made of; `ShardFile.sourceHash` gives it back.
  ///
  /// Throws `Fault(.configuration)` if the configuration is not valid, `(.outputUnavailable)` without the folder.
  public init(folder: String, number: Int, configuration: ShardConfiguration, sourceHash: UInt64) throws {
    try configuration.validate()
    guard number >= 0, number < ShardLimits.maximumShardCount else {
      throw Fault(
        .configuration, "A set has at most \(ShardLimits.maximumShardCount) shards", at: folder,
        remedy: "Raise samplesPerShard")
    }
    self.number = number
    configurationHash = XXH3.hash(configuration.record)
    samplesPerShard = configuration.samplesPerShard
    let path = "\(folder)/\(ShardLimits.shardName(number))"
    file = try DurableFileWriter(path)
    tokens = configuration.tokens == nil ? nil : try TokenTableWriter(beside: path)
    try file.append(ShardHeader(number: number, configuration: configuration, sourceHash: sourceHash).bytes)
  }

  /// Appends a sample that was encoded with this configuration.
  ///
  /// - Parameter place: the number of its entry within the shard's part of the source, above all before.
  public func append(_ sample: EncodedSample, place: Int) throws {
    precondition(sample.configurationHash == configurationHash, "a sample encoded with another configuration")
    take(place)
    let picture = try number(of: sample)
    let head = SampleHead(
      pixelHash: sample.pixelHash, shard: number, number: sampleCount, detailsByteCount: sample.details.count,
      pixelByteCount: sample.pixels.count, frameCount: sample.frameCount, picture: picture)
    SampleEntry(
      offset: file.byteCount, recordByteCount: sample.byteCount, frameCount: sample.frameCount, picture: picture,
      place: place, productKey: sample.productKey, clipKey: sample.clipKey
    ).write(to: &samples)
    try file.append(head.sealed(with: sample.details))
    try file.append(sample.details)
    try file.append(sample.pixels)
    try tokens?.append(sample.tokens)
    sampleCount += 1
    frameCount += sample.frameCount
  }

  /// Notes an entry of the source that the shard goes without.
  public func leaveOut(_ note: LeftOutSample) {
    take(note.place)
    leftOut += note.line
    leftOutCount += 1
  }

  /// Samples so far.
  public var count: Int { sampleCount }

  /// Writes indexes, table and trailer, and makes the file appear.
  @discardableResult
  public func finish() throws -> ShardSetIndex.Shard {
    let bodyHash = file.hash
    var table = ByteWriter()
    var sectionCount = 0
    func append(_ id: UInt32, _ bytes: [UInt8]) throws {
      ShardSection(id: id, offset: file.byteCount, byteCount: bytes.count, hash: XXH3.hash(bytes)).write(to: &table)
      try file.append(bytes)
      sectionCount += 1
    }
    try append(ShardSection.sampleIndex, samples.bytes)
    try append(ShardSection.pictureIndex, pictures.bytes)
    if !leftOut.isEmpty { try append(ShardSection.leftOut, leftOut) }
    if let tokens {
      let featureOffset = file.byteCount + tokens.directoryByteCount
      try append(ShardSection.tokenDirectory, tokens.directory(featureOffset: featureOffset))
      let hasher = XXH3.Hasher()
      try tokens.forEachPiece { piece in
        hasher.update(piece)
        try file.append(piece)
      }
      ShardSection(
        id: ShardSection.tokenFeatures, offset: featureOffset, byteCount: file.byteCount - featureOffset,
        hash: hasher.digest
      ).write(to: &table)
      sectionCount += 1
    }
    let trailer = ShardTrailer(
      tableOffset: file.byteCount, sectionCount: sectionCount, leftOutCount: leftOutCount, sampleCount: sampleCount,
      fileByteCount: file.byteCount + table.count + ShardLimits.trailerByteCount, tableHash: XXH3.hash(table.bytes),
      bodyHash: bodyHash
    ).bytes
    try file.append(table.bytes)
    try file.append(trailer)
    try file.commit()
    return ShardSetIndex.Shard(
      number: number, leftOutCount: leftOutCount, sampleCount: sampleCount, pictureCount: pictureCount,
      frameCount: frameCount, byteCount: file.byteCount, rootHash: XXH3.hash(trailer))
  }

  /// The number of the sample's picture, which is written first where it is new.
  private func number(of sample: EncodedSample) throws -> Int {
    let picture = sample.picture
    let key = PictureKey(imageKey: sample.imageKey, hash: picture.hash, byteCount: picture.pixels.count)
    if let known = known[key] { return known }
    let head = PictureHead(shard: number, number: pictureCount, pixelByteCount: picture.pixels.count)
    PictureEntry(offset: file.byteCount, recordByteCount: picture.byteCount, imageKey: sample.imageKey)
      .write(to: &pictures)
    try file.append(head.sealed(with: picture.pixels))
    try file.append(picture.pixels)
    known[key] = pictureCount
    pictureCount += 1
    return pictureCount - 1
  }

  private func take(_ place: Int) {
    precondition(place >= nextPlace && place < samplesPerShard, "place \(place) after \(nextPlace - 1)")
    nextPlace = place + 1
  }
}
