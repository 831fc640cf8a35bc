import DurableFiles

/// Writes one shard file from header to trailer.
final class ShardFileWriter {
  private let number: Int
  private let file: DurableFileWriter
  private let header: [UInt8]
  private var index = ByteWriter()
  private var sampleCount = 0
  private var frameCount = 0

  init(folder: String, number: Int, configuration: ShardConfiguration) throws {
    self.number = number
    header = ShardHeader(number: number, configuration: configuration).bytes
    file = try DurableFileWriter("\(folder)/\(ShardLimits.shardName(number))")
    try file.append(header)
  }

  /// Whether the file with one more sample keeps to the target; a shard always takes at least one.
  func fits(_ sample: EncodedSample, _ target: Int) -> Bool {
    guard sampleCount > 0 else { return true }
    let ending = index.count + ShardLimits.entryByteCount + ShardLimits.sectionByteCount + ShardLimits.trailerByteCount
    return sampleCount < ShardLimits.maximumShardSampleCount && file.byteCount + sample.byteCount + ending <= target
  }

  func append(_ sample: EncodedSample) throws {
    sample.entry(offset: file.byteCount).write(to: &index)
    try file.append(sample.details)
    try file.append(sample.pixels)
    sampleCount += 1
    frameCount += sample.frameCount
  }

  /// Writes index, table and trailer, and makes the file appear.
  func finish() throws -> ShardSetIndex.Shard {
    let section = ShardSection(
      id: ShardSection.sampleIndex, offset: file.byteCount, byteCount: index.count, hash: XXH3.hash(index.bytes))
    try file.append(index.bytes)
    var table = ByteWriter()
    section.write(to: &table)
    let trailer = ShardTrailer(
      tableOffset: file.byteCount, sectionCount: 1, sampleCount: sampleCount,
      fileByteCount: file.byteCount + table.count + ShardLimits.trailerByteCount, tableHash: XXH3.hash(table.bytes),
      headerHash: XXH3.hash(header)
    ).bytes
    try file.append(table.bytes)
    try file.append(trailer)
    try file.commit()
    return ShardSetIndex.Shard(
      number: number, sampleCount: sampleCount, frameCount: frameCount, byteCount: file.byteCount,
      rootHash: XXH3.hash(trailer), fileHash: file.hash)
  }
}
