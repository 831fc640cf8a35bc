import DurableFiles
import Faults

/// The first 64 bytes of a shard: what it is, of which set, and of which part of the source.
struct ShardHeader: Equatable, Sendable {
  var number: Int
  var resolution: Int
  var maximumFrameCount: Int
  var textWidth: Int
  var configurationHash: UInt64
  /// What the builder made the shard of, in its own terms: equal means the same entries.
  var sourceHash: UInt64

  init(number: Int, configuration: ShardConfiguration, sourceHash: UInt64) {
    self.sourceHash = sourceHash
    self.number = number
    resolution = configuration.resolution
    maximumFrameCount = configuration.maximumFrameCount
    textWidth = configuration.textWidth
    configurationHash = XXH3.hash(configuration.record)
  }

  var bytes: [UInt8] {
    var writer = ByteWriter(capacity: ShardLimits.headerByteCount)
    writer.append(ShardLimits.headerMagic)
    writer.integer(ShardLimits.version)
    writer.count32(ShardLimits.headerByteCount)
    writer.count32(number)
    writer.count32(resolution)
    writer.count32(maximumFrameCount)
    writer.count32(textWidth)
    writer.integer(configurationHash)
    writer.integer(sourceHash)
    writer.integer(UInt64(0))
    writer.integer(XXH3.hash(writer.bytes))
    return writer.bytes
  }

  init(_ bytes: [UInt8], path: String) throws {
    var reader = ByteReader(bytes, path: path)
    guard try Array(reader.bytes(8, "magic")) == ShardLimits.headerMagic else {
      throw Fault(.badData, "Not a shard: it does not begin with SGMNSHRD", at: "\(path): byte 0")
    }
    let version = try reader.integer(UInt32.self, "version")
    guard version == ShardLimits.version else {
      throw Fault(
        .badData, "The shard is of version \(version), this program reads version \(ShardLimits.version)",
        at: "\(path): byte 8", remedy: "Use the program that wrote it, or build the set again")
    }
    guard try reader.integer(UInt32.self, "header size") == UInt32(ShardLimits.headerByteCount),
      bytes.count == ShardLimits.headerByteCount,
      XXH3.hash(bytes[..<(bytes.count - 8)]) == bytes.lastWord
    else { throw Fault(.badData, "The header is damaged", at: "\(path): byte 0") }
    number = try reader.count32("shard number", limit: ShardLimits.maximumShardCount)
    resolution = try reader.count32("resolution", limit: ShardLimits.maximumResolution)
    maximumFrameCount = try reader.count32("frame limit", limit: ShardLimits.maximumFrameCount)
    textWidth = try reader.count32("text width", limit: ShardLimits.maximumTextWidth)
    configurationHash = try reader.integer(UInt64.self, "configuration hash")
    sourceHash = try reader.integer(UInt64.self, "source hash")
    guard try reader.integer(UInt64.self, "reserved") == 0 else {
      throw Fault(.badData, "A reserved field is not zero", at: "\(path): byte 48")
    }
  }
}

extension [UInt8] {
  /// The last 8 bytes as a little-endian number: where the format keeps a hash of what precedes it.
  var lastWord: UInt64? {
    count < 8
      ? nil : withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self)) }
  }
}
