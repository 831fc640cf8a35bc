import DurableFiles
import Faults

/// What a set is: its configuration, its shards, and where every sample is. The content of `index.sgmn`.
public struct ShardSetIndex: Equatable, Sendable {
  /// One shard file, and how to recognise it.
  public struct Shard: Equatable, Sendable {
    public var number: Int
    /// Entries of the source that it goes without.
    public var leftOutCount: Int
    public var sampleCount: Int
    /// Product pictures, each shared by all samples that show it.
    public var pictureCount: Int
    /// Frames of all its samples.
    public var frameCount: Int
    public var byteCount: Int
    /// Hash of the trailer, which names the whole content through the hashes inside.
    public var rootHash: UInt64

    /// `shard-00007.sgmn`
    public var name: String { ShardLimits.shardName(number) }
  }

  public let configuration: ShardConfiguration
  public let shards: [Shard]
  /// Equal for sets of equal samples in equal order; a checkpoint keeps it.
  public let fingerprint: UInt64
  let entries: EntryTable

  public var sampleCount: Int { entries.sampleCount }
  public var pictureCount: Int { entries.pictureCount }
  public var frameCount: Int { shards.reduce(0) { $0 + $1.frameCount } }
  public var leftOutCount: Int { shards.reduce(0) { $0 + $1.leftOutCount } }
  /// Bytes of all shards.
  public var byteCount: Int { shards.reduce(0) { $0 + $1.byteCount } }

  public static func == (a: ShardSetIndex, b: ShardSetIndex) -> Bool {
    a.fingerprint == b.fingerprint && a.configuration == b.configuration && a.shards == b.shards
  }

  static let headByteCount = 40
}

extension ShardSetIndex {
  /// The index of finished shards `0 ..< shardCount` of a folder, written as `index.sgmn`: with it the set is complete.
  ///
  /// Reads the structure of every shard, not its samples. Throws what `ShardFile` throws.
  @discardableResult
  public static func assemble(
    folder: String, configuration: ShardConfiguration, shardCount: Int
  ) throws -> ShardSetIndex {
    let bytes = try bytes(configuration: configuration, shardCount: shardCount) { number in
      let file = try ShardFile(folder: folder, number: number, configuration: configuration)
      return (file.line, file.directory.entries)
    }
    let path = "\(folder)/\(ShardLimits.indexName)"
    let index = try ShardSetIndex(bytes, path: path)
    try DurableFile.write(bytes, to: path)
    return index
  }

  /// The content of the index of some shards.
  static func bytes(
    configuration: ShardConfiguration, shardCount: Int, shard: (Int) throws -> (Shard, EntryTable)
  ) throws -> [UInt8] {
    var (lines, samples, pictures) = (ByteWriter(), ByteWriter(), ByteWriter())
    var (sampleCount, pictureCount) = (0, 0)
    for number in 0..<shardCount {
      let (line, entries) = try shard(number)
      line.write(to: &lines)
      samples.append(entries.lines(samples: 0..<entries.sampleCount))
      pictures.append(entries.lines(pictures: 0..<entries.pictureCount))
      sampleCount += entries.sampleCount
      pictureCount += entries.pictureCount
    }
    let record = configuration.record
    var writer = ByteWriter(
      capacity: headByteCount + record.count + lines.count + samples.count + pictures.count + 8)
    writer.append(ShardLimits.indexMagic)
    writer.integer(configuration.indexVersion)
    writer.count32(shardCount)
    writer.count(sampleCount)
    writer.count(pictureCount)
    writer.count32(record.count)
    writer.integer(UInt32(0))
    for part in [record, lines.bytes, samples.bytes, pictures.bytes] { writer.append(part) }
    writer.integer(XXH3.hash(writer.bytes))
    return writer.bytes
  }

  /// Reads the index of a folder. `Fault(.inputMissing)` if the folder or the index is not there, `(.badData)` if the
  /// index is not what the format promises.
  public init(folder: String) throws { try self.init(LocalFolder(folder)) }

  /// Reads the index of a set.
  public init(_ storage: any ShardStorage) throws {
    // What the largest number of samples that a run can number would need.
    let limit = 96 << 30
    let bytes = try storage.contents(of: ShardLimits.indexName, limit: limit)
    do { try self.init(bytes, path: storage.path(of: ShardLimits.indexName)) } catch var fault as Fault {
      fault.remedy = fault.remedy ?? ShardSet.remedy
      throw fault
    }
  }

  init(_ bytes: [UInt8], path: String) throws {
    // A reader of its own for the few fields before the tables: the tables are not copied.
    var reader = ByteReader(
      Array(bytes.prefix(ShardSetIndex.headByteCount + ShardLimits.maximumConfigurationByteCount)), path: path)
    guard try Array(reader.bytes(8, "magic")) == ShardLimits.indexMagic else {
      throw Fault(.badData, "Not the index of a shard set: it does not begin with SGMNINDX", at: "\(path): byte 0")
    }
    let version = try reader.integer(UInt32.self, "version")
    guard [ShardLimits.version, ShardLimits.tokenIndexVersion].contains(version) else {
      throw Fault(
        .badData,
        "The set is of version \(version), this program reads versions \(ShardLimits.version) and "
          + "\(ShardLimits.tokenIndexVersion)",
        at: "\(path): byte 8", remedy: "Use the program that wrote it, or build the set again")
    }
    guard bytes.count >= ShardSetIndex.headByteCount + 8, let seal = bytes.lastWord,
      XXH3.hash(bytes[..<(bytes.count - 8)]) == seal
    else {
      throw Fault(
        .badData, "The index is cut or damaged: its hash does not match", at: "\(path): byte \(max(0, bytes.count - 8))"
      )
    }
    fingerprint = seal
    let shardCount = try reader.count32("shard count", limit: ShardLimits.maximumShardCount)
    let sampleCount = try reader.count("sample count", limit: bytes.count / ShardLimits.entryByteCount)
    let pictureCount = try reader.count("picture count", limit: bytes.count / ShardLimits.pictureEntryByteCount)
    let recordByteCount = try reader.count32(
      "size of the configuration", limit: ShardLimits.maximumConfigurationByteCount)
    guard try reader.integer(UInt32.self, "reserved") == 0 else { throw reader.fault("A reserved field is not zero") }
    let offset = reader.position
    let record = Array(try reader.bytes(recordByteCount, "configuration"))
    configuration = try ShardConfiguration(record: record, indexVersion: version, path: path, offset: offset)
    let linesOffset = reader.position
    let samplesOffset = linesOffset + shardCount * ShardLimits.shardLineByteCount
    let picturesOffset = samplesOffset + sampleCount * ShardLimits.entryByteCount
    let end = picturesOffset + pictureCount * ShardLimits.pictureEntryByteCount
    guard end + 8 == bytes.count else {
      throw reader.fault("The tables need \(end - linesOffset) bytes, found \(bytes.count - 8 - linesOffset)")
    }
    entries = EntryTable(bytes, samples: samplesOffset, sampleCount, pictures: picturesOffset, pictureCount)
    shards = try ShardSetIndex.shards(
      ByteReader(Array(bytes[linesOffset..<samplesOffset]), path: path, offset: linesOffset), shardCount)
    try checkEntries(path)
  }

  private static func shards(_ reader: ByteReader, _ count: Int) throws -> [Shard] {
    var reader = reader
    var shards: [Shard] = []
    shards.reserveCapacity(count)
    for number in 0..<count { shards.append(try Shard(&reader, number: number)) }
    return shards
  }

  /// Checks the lines of all shards against each other and the counts.
  private func checkEntries(_ path: String) throws {
    var (samples, pictures) = (0, 0)
    for shard in shards {
      guard shard.sampleCount <= sampleCount - samples, shard.pictureCount <= pictureCount - pictures else {
        throw Fault(.badData, "The shards have more samples or pictures than the index says", at: path)
      }
      let checked = try entries.checkShard(
        samples: samples..<samples + shard.sampleCount, pictures: pictures..<pictures + shard.pictureCount,
        limit: shard.byteCount - ShardLimits.trailerByteCount, configuration: configuration
      ) { what, place in Fault(.badData, what, at: "\(path): byte \(place)") }
      guard checked.frameCount == shard.frameCount else {
        throw Fault(
          .badData, "\(shard.name) has \(checked.frameCount) frames, its line says \(shard.frameCount)", at: path)
      }
      samples += shard.sampleCount
      pictures += shard.pictureCount
    }
    guard samples == sampleCount, pictures == pictureCount else {
      throw Fault(.badData, "The shards have fewer samples or pictures than the index says", at: path)
    }
  }
}

extension ShardSetIndex.Shard {
  init(number: Int, directory: ShardDirectory) {
    self.init(
      number: number, leftOutCount: directory.trailer.leftOutCount, sampleCount: directory.entries.sampleCount,
      pictureCount: directory.entries.pictureCount, frameCount: directory.frameCount,
      byteCount: directory.trailer.fileByteCount, rootHash: directory.rootHash)
  }

  fileprivate func write(to writer: inout ByteWriter) {
    writer.count32(number)
    writer.count32(leftOutCount)
    writer.count32(sampleCount)
    writer.count32(pictureCount)
    writer.count(frameCount)
    writer.count(byteCount)
    writer.integer(rootHash)
    writer.integer(UInt64(0))
  }

  fileprivate init(_ reader: inout ByteReader, number: Int) throws {
    let line = reader
    self.number = try reader.count32("shard number", limit: ShardLimits.maximumShardCount)
    guard self.number == number else { throw line.fault("Shard \(self.number) stands in the place of \(number)") }
    // These limits keep the sums over all shards far below 2⁶³.
    leftOutCount = try reader.count32("left-out count", limit: ShardLimits.maximumShardSampleCount)
    sampleCount = try reader.count32("sample count", limit: ShardLimits.maximumShardSampleCount)
    pictureCount = try reader.count32("picture count", limit: sampleCount)
    frameCount = try reader.count(
      "frame count", limit: ShardLimits.maximumShardSampleCount * ShardLimits.maximumFrameCount)
    byteCount = try reader.count("shard size", limit: 1 << 44)
    rootHash = try reader.integer(UInt64.self, "root hash")
    guard try reader.integer(UInt64.self, "reserved") == 0 else { throw line.fault("A reserved field is not zero") }
  }
}
