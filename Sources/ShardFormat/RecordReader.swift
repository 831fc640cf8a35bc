import DurableFiles
import Faults

/// Reads records into its own memory and checks them against the index. One a thread; what it returns is valid until the
/// next call of the same kind. What is thrown has no place yet.
final class RecordReader {
  struct SampleRecord {
    var details: UnsafeRawBufferPointer
    var pixels: UnsafeRawBufferPointer
  }

  private var record = RawBuffer()
  private var pictureRecord = RawBuffer()
  private var tokenBuffer = RawBuffer()
  var timings = ShardTimings()

  /// A whole sample, all hashes checked.
  func sample(_ entry: SampleEntry, shard: Int, number: Int, in file: any ShardBytes) throws -> SampleRecord {
    record.grow(to: entry.recordByteCount)
    let bytes = UnsafeMutableRawBufferPointer(rebasing: record.bytes[..<entry.recordByteCount])
    try read(entry.offset, into: bytes, file)
    return try check(UnsafeRawBufferPointer(bytes), entry, shard, number)
  }

  /// The stored pixels of a product picture, checked.
  func picture(
    _ entry: PictureEntry, shard: Int, number: Int, in file: any ShardBytes
  ) throws -> UnsafeRawBufferPointer {
    pictureRecord.grow(to: entry.recordByteCount)
    let bytes = UnsafeMutableRawBufferPointer(rebasing: pictureRecord.bytes[..<entry.recordByteCount])
    try read(entry.offset, into: bytes, file)
    return try check(UnsafeRawBufferPointer(bytes), entry, shard, number)
  }

  /// A sample and its picture; with one read where the picture stands directly before it.
  func both(
    _ entry: SampleEntry, number: Int, _ pictureEntry: PictureEntry, shard: Int, in file: any ShardBytes
  ) throws -> (SampleRecord, picture: UnsafeRawBufferPointer) {
    guard pictureEntry.offset + pictureEntry.recordByteCount == entry.offset else {
      let picture = try picture(pictureEntry, shard: shard, number: entry.picture, in: file)
      return (try sample(entry, shard: shard, number: number, in: file), picture)
    }
    let count = pictureEntry.recordByteCount + entry.recordByteCount
    record.grow(to: count)
    let bytes = UnsafeMutableRawBufferPointer(rebasing: record.bytes[..<count])
    try read(pictureEntry.offset, into: bytes, file)
    let all = UnsafeRawBufferPointer(bytes)
    let picture = UnsafeRawBufferPointer(rebasing: all[..<pictureEntry.recordByteCount])
    let sample = UnsafeRawBufferPointer(rebasing: all[pictureEntry.recordByteCount...])
    return (try check(sample, entry, shard, number), try check(picture, pictureEntry, shard, entry.picture))
  }

  /// The details alone, as bytes.
  func details(_ entry: SampleEntry, shard: Int, number: Int, in file: any ShardBytes) throws -> [UInt8] {
    // Most details fit a page or two; a second read fetches what is beyond.
    var bytes = try file.read(at: entry.offset, count: min(entry.recordByteCount, 8192))
    let head = bytes.withUnsafeBytes { SampleHead($0) }
    try head.check(entry, shard: shard, number: number)
    let end = ShardLimits.sampleHeadByteCount + head.detailsByteCount
    if bytes.count < end { bytes += try file.read(at: entry.offset + bytes.count, count: end - bytes.count) }
    guard XXH3.hash(bytes[8..<end]) == head.hash else {
      throw Fault(.badData, "The details are damaged: their hash does not match")
    }
    return Array(bytes[ShardLimits.sampleHeadByteCount..<end])
  }

  /// Bytes of token features, not checked yet.
  func tokenBytes(at offset: Int, count: Int, in file: any ShardBytes) throws -> UnsafeRawBufferPointer {
    tokenBuffer.grow(to: count)
    let bytes = UnsafeMutableRawBufferPointer(rebasing: tokenBuffer.bytes[..<count])
    try read(offset, into: bytes, file)
    return UnsafeRawBufferPointer(bytes)
  }

  private func read(_ offset: Int, into bytes: UnsafeMutableRawBufferPointer, _ file: any ShardBytes) throws {
    let start = MonotonicSeconds.now
    try file.read(at: offset, into: bytes)
    timings.readSeconds += MonotonicSeconds.now - start
    timings.storedByteCount += bytes.count
  }

  private func check(
    _ record: UnsafeRawBufferPointer, _ entry: SampleEntry, _ shard: Int, _ number: Int
  ) throws -> SampleRecord {
    let start = MonotonicSeconds.now
    defer { timings.checkSeconds += MonotonicSeconds.now - start }
    let head = SampleHead(record)
    try head.check(entry, shard: shard, number: number)
    let end = ShardLimits.sampleHeadByteCount + head.detailsByteCount
    guard XXH3.hash(UnsafeRawBufferPointer(rebasing: record[8..<end])) == head.hash else {
      throw Fault(.badData, "The details are damaged: their hash does not match")
    }
    let pixels = UnsafeRawBufferPointer(rebasing: record[end...])
    guard XXH3.hash(pixels) == head.pixelHash else {
      throw Fault(.badData, "The pixels are damaged: their hash does not match")
    }
    return SampleRecord(
      details: UnsafeRawBufferPointer(rebasing: record[ShardLimits.sampleHeadByteCount..<end]), pixels: pixels)
  }

  private func check(
    _ record: UnsafeRawBufferPointer, _ entry: PictureEntry, _ shard: Int, _ number: Int
  ) throws -> UnsafeRawBufferPointer {
    let start = MonotonicSeconds.now
    defer { timings.checkSeconds += MonotonicSeconds.now - start }
    _ = try PictureHead(checking: record, entry, shard: shard, number: number)
    return UnsafeRawBufferPointer(rebasing: record[ShardLimits.pictureHeadByteCount...])
  }
}
