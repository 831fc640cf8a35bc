import DurableFiles
import Faults

/// What a set is: its configuration and its shards. The content of `index.sgmn`.
public struct ShardSetIndex: Equatable, Sendable {
  /// One shard file, and how to recognise it.
  public struct Shard: Equatable, Sendable {
    public var number: Int
    public var sampleCount: Int
    /// Frames of all its samples.
    public var frameCount: Int
    public var byteCount: Int
    /// Hash of the trailer, which names the whole content through the hashes inside.
    public var rootHash: UInt64
    /// Hash of all bytes of the file.
    public var fileHash: UInt64

    /// `shard-00007.sgmn`
    public var name: String { ShardLimits.shardName(number) }
  }

  public var configuration: ShardConfiguration
  public var shards: [Shard]

  public var sampleCount: Int { shards.reduce(0) { $0 + $1.sampleCount } }
  public var frameCount: Int { shards.reduce(0) { $0 + $1.frameCount } }
  public var byteCount: Int { shards.reduce(0) { $0 + $1.byteCount } }

  /// Equal for sets of equal samples in equal order; a checkpoint keeps it.
  public var fingerprint: UInt64 { XXH3.hash(bytes) }

  public init(configuration: ShardConfiguration, shards: [Shard]) {
    self.configuration = configuration
    self.shards = shards
  }

  /// The content of the index file.
  var bytes: [UInt8] {
    var writer = ByteWriter()
    writer.append(ShardLimits.indexMagic)
    writer.integer(ShardLimits.version)
    writer.count32(shards.count)
    writer.count(sampleCount)
    let record = configuration.record
    writer.count32(record.count)
    writer.integer(UInt32(0))
    writer.append(record)
    for shard in shards {
      writer.count32(shard.number)
      writer.integer(UInt32(0))
      writer.count(shard.sampleCount)
      writer.count(shard.frameCount)
      writer.count(shard.byteCount)
      writer.integer(shard.rootHash)
      writer.integer(shard.fileHash)
    }
    writer.integer(XXH3.hash(writer.bytes))
    return writer.bytes
  }
}

extension ShardSetIndex {
  /// Reads the index of a folder. `Fault(.inputMissing)` if the folder or the index is not there, `(.badData)` if the
  /// index is not what the format promises.
  public init(folder: String) throws {
    let names = try DurableFile.names(in: folder)  // a missing folder is named as such
    guard names.contains(ShardLimits.indexName) else {
      let built = names.contains { $0.hasPrefix("shard-") }
      throw Fault(
        .inputMissing,
        built ? "The shards have no \(ShardLimits.indexName): the build did not finish" : "No shards in this folder",
        at: folder, remedy: built ? "Run sgmn-shard again to finish it" : "Check the path, or build with sgmn-shard")
    }
    let path = "\(folder)/\(ShardLimits.indexName)"
    // The largest index that the limits allow has 4.6 MiB.
    let limit = 64 + ShardLimits.maximumConfigurationByteCount + 48 * ShardLimits.maximumShardCount
    try self.init(FileReader.contents(of: path, limit: limit), path: path)
  }

  init(_ bytes: [UInt8], path: String) throws {
    var reader = ByteReader(bytes, path: path)
    guard try Array(reader.bytes(8, "magic")) == ShardLimits.indexMagic else {
      throw Fault(.badData, "Not the index of a shard set: it does not begin with SGMNINDX", at: "\(path): byte 0")
    }
    let version = try reader.integer(UInt32.self, "version")
    guard version == ShardLimits.version else {
      throw Fault(
        .badData, "The set is of version \(version), this program reads version \(ShardLimits.version)",
        at: "\(path): byte 8", remedy: "Use the program that wrote it, or build the set again")
    }
    guard bytes.count >= 40, XXH3.hash(bytes[..<(bytes.count - 8)]) == bytes.lastWord else {
      throw Fault(
        .badData, "The index is cut or damaged: its hash does not match", at: "\(path): byte \(max(0, bytes.count - 8))"
      )
    }
    let shardCount = try reader.count32("shard count", limit: ShardLimits.maximumShardCount)
    let sampleCount = try reader.count("sample count")
    let recordByteCount = try reader.count32(
      "size of the configuration", limit: ShardLimits.maximumConfigurationByteCount)
    guard try reader.integer(UInt32.self, "reserved") == 0 else { throw reader.fault("A reserved field is not zero") }
    let offset = reader.position
    let record = Array(try reader.bytes(recordByteCount, "configuration"))
    configuration = try ShardConfiguration(record: record, path: path, offset: offset)
    guard reader.remaining == 48 * shardCount + 8 else {
      throw reader.fault("\(shardCount) shards need \(48 * shardCount) bytes, found \(reader.remaining - 8)")
    }
    shards = []
    for number in 0..<shardCount { shards.append(try Shard(&reader, number: number)) }
    guard self.sampleCount == sampleCount else {
      throw reader.fault("The shards have \(self.sampleCount) samples, the index says \(sampleCount)")
    }
  }
}

extension ShardSetIndex.Shard {
  fileprivate init(_ reader: inout ByteReader, number: Int) throws {
    let line = reader
    self.number = try reader.count32("shard number", limit: ShardLimits.maximumShardCount)
    guard self.number == number else { throw line.fault("Shard \(self.number) stands in the place of \(number)") }
    guard try reader.integer(UInt32.self, "reserved") == 0 else { throw line.fault("A reserved field is not zero") }
    // These limits keep the sums over all shards far below 2⁶³.
    sampleCount = try reader.count("sample count", limit: ShardLimits.maximumShardSampleCount)
    frameCount = try reader.count(
      "frame count", limit: ShardLimits.maximumShardSampleCount * ShardLimits.maximumFrameCount)
    byteCount = try reader.count("shard size", limit: 1 << 44)
    rootHash = try reader.integer(UInt64.self, "root hash")
    fileHash = try reader.integer(UInt64.self, "file hash")
  }
}
