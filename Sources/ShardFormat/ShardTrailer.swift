import DurableFiles
import Faults

/// The last 64 bytes of a shard: where the section table is, and the hash that all others hang on.
struct ShardTrailer: Equatable, Sendable {
  var tableOffset: Int
  var sectionCount: Int
  var leftOutCount: Int
  var sampleCount: Int
  var fileByteCount: Int
  var tableHash: UInt64
  /// Hash of everything before the first section: header and records.
  var bodyHash: UInt64

  var bytes: [UInt8] {
    var writer = ByteWriter(capacity: ShardLimits.trailerByteCount)
    writer.count(tableOffset)
    writer.count32(sectionCount)
    writer.count32(leftOutCount)
    writer.count(sampleCount)
    writer.count(fileByteCount)
    writer.integer(tableHash)
    writer.integer(bodyHash)
    writer.integer(XXH3.hash(writer.bytes))
    writer.append(ShardLimits.trailerMagic)
    return writer.bytes
  }

  /// - Parameter fileByteCount: the size that the file really has.
  init(_ bytes: [UInt8], path: String, fileByteCount: Int) throws {
    let start = fileByteCount - bytes.count
    guard bytes.count == ShardLimits.trailerByteCount, Array(bytes[56...]) == ShardLimits.trailerMagic,
      XXH3.hash(bytes[..<48]) == Array(bytes[..<56]).lastWord
    else {
      throw Fault(
        .badData, "The trailer is missing or damaged: the file was cut or changed", at: "\(path): byte \(start)")
    }
    var reader = ByteReader(bytes, path: path, offset: start)
    tableOffset = try reader.count("section table offset")
    sectionCount = try reader.count32("section count", limit: ShardLimits.maximumSectionCount)
    leftOutCount = try reader.count32("left-out count", limit: ShardLimits.maximumShardSampleCount)
    sampleCount = try reader.count("sample count", limit: ShardLimits.maximumShardSampleCount)
    self.fileByteCount = try reader.count("file size")
    tableHash = try reader.integer(UInt64.self, "section table hash")
    bodyHash = try reader.integer(UInt64.self, "body hash")
    guard self.fileByteCount == fileByteCount else {
      throw reader.fault("The file has \(fileByteCount) bytes, its trailer says \(self.fileByteCount)")
    }
    guard sectionCount >= 1 else { throw reader.fault("The shard has no sections") }
    // Both counts are small, so this product and the sum cannot overflow; the offset is compared, not added to.
    let expected = start - sectionCount * ShardLimits.sectionByteCount
    guard tableOffset == expected, tableOffset >= ShardLimits.headerByteCount else {
      throw reader.fault("The section table is said to be at byte \(tableOffset), expected \(expected)")
    }
  }

  init(
    tableOffset: Int, sectionCount: Int, leftOutCount: Int, sampleCount: Int, fileByteCount: Int, tableHash: UInt64,
    bodyHash: UInt64
  ) {
    self.tableOffset = tableOffset
    self.sectionCount = sectionCount
    self.leftOutCount = leftOutCount
    self.sampleCount = sampleCount
    self.fileByteCount = fileByteCount
    self.tableHash = tableHash
    self.bodyHash = bodyHash
  }
}
