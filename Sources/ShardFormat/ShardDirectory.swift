import DurableFiles
import Faults

/// Everything about a shard but its records: checked from the outside in, so that a wrong file is refused by its first
/// bytes and nothing is believed before its hash is.
struct ShardDirectory: Sendable {
  var header: ShardHeader
  var trailer: ShardTrailer
  var entries: [SampleEntry]
  /// The hash of the trailer, which names the content of the file.
  var rootHash: UInt64

  /// Reads header, trailer, section table and sample index, and checks that the parts tile the file.
  /// `Fault(.badData)` with the byte for the first thing that is wrong.
  init(_ file: FileReader, configuration: ShardConfiguration) throws {
    let path = file.path
    let smallest = ShardLimits.headerByteCount + ShardLimits.trailerByteCount
    guard file.byteCount >= smallest else {
      throw Fault(
        .badData, "The file ends early: expected at least \(smallest) bytes, found \(file.byteCount)",
        at: "\(path): byte \(file.byteCount)")
    }
    let headerBytes = try file.read(at: 0, count: ShardLimits.headerByteCount)
    header = try ShardHeader(headerBytes, path: path)
    guard header == ShardHeader(number: header.number, configuration: configuration) else {
      throw Fault(
        .badData, "The shard was written with another configuration than its set", at: "\(path): byte 20",
        remedy: "Put back the shard that belongs here, or build the set again")
    }
    let trailerBytes = try file.read(
      at: file.byteCount - ShardLimits.trailerByteCount, count: ShardLimits.trailerByteCount)
    trailer = try ShardTrailer(trailerBytes, path: path, fileByteCount: file.byteCount)
    rootHash = XXH3.hash(trailerBytes)
    guard XXH3.hash(headerBytes) == trailer.headerHash else {
      throw Fault(.badData, "The header is not the one that the trailer names", at: "\(path): byte 0")
    }
    let index = try ShardDirectory.sampleIndex(file, trailer)
    entries = try ShardDirectory.entries(file, index, trailer.sampleCount, configuration)
  }

  /// Reads the section table, checks that the sections lie without a gap up to it, and returns the sample index.
  private static func sampleIndex(_ file: FileReader, _ trailer: ShardTrailer) throws -> ShardSection {
    let bytes = try file.read(at: trailer.tableOffset, count: trailer.sectionCount * ShardLimits.sectionByteCount)
    var reader = ByteReader(bytes, path: file.path, offset: trailer.tableOffset)
    guard XXH3.hash(bytes) == trailer.tableHash else { throw reader.fault("The section table is damaged") }
    var found: ShardSection?
    var previousEnd: Int?
    for _ in 0..<trailer.sectionCount {
      let line = reader
      let section = try ShardSection(&reader)
      let (end, overflow) = section.offset.addingReportingOverflow(section.byteCount)
      guard section.offset >= ShardLimits.headerByteCount, !overflow, end <= trailer.tableOffset,
        section.offset == previousEnd ?? section.offset
      else { throw line.fault("Section at byte \(section.offset) of \(section.byteCount) bytes does not fit the file") }
      previousEnd = end
      if section.id == ShardSection.sampleIndex {
        guard found == nil else { throw line.fault("The shard has two sample indexes") }
        found = section
      }
    }
    guard let found else { throw reader.fault("The shard has no sample index") }
    guard previousEnd == trailer.tableOffset else { throw reader.fault("The sections leave a gap before their table") }
    return found
  }

  private static func entries(
    _ file: FileReader, _ section: ShardSection, _ count: Int, _ configuration: ShardConfiguration
  ) throws -> [SampleEntry] {
    guard section.byteCount == count * ShardLimits.entryByteCount else {
      throw Fault(
        .badData, "The sample index has \(section.byteCount) bytes, expected \(count * ShardLimits.entryByteCount)",
        at: "\(file.path): byte \(section.offset)")
    }
    let bytes = try file.read(at: section.offset, count: section.byteCount)
    var reader = ByteReader(bytes, path: file.path, offset: section.offset)
    guard XXH3.hash(bytes) == section.hash else { throw reader.fault("The sample index is damaged") }
    var entries: [SampleEntry] = []
    entries.reserveCapacity(count)
    var start = ShardLimits.headerByteCount
    for _ in 0..<count {
      let entry = try SampleEntry(&reader, start: start, end: section.offset, configuration: configuration)
      entries.append(entry)
      start += entry.recordByteCount
    }
    guard start == section.offset else {
      throw reader.fault("The records end at byte \(start), the sections begin at \(section.offset)")
    }
    return entries
  }
}
