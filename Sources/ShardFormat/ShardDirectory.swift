import DurableFiles
import Faults

/// Everything about a shard but its records: checked from the outside in, so that a wrong file is refused by its first
/// bytes and nothing is believed before its hash is.
struct ShardDirectory: Sendable {
  var header: ShardHeader
  var trailer: ShardTrailer
  var entries: EntryTable
  var sections: [ShardSection]
  var frameCount: Int
  /// Where token features are; nil in a set that has none.
  var tokens: TokenDirectory?
  /// The hash of the trailer, which names the content of the file.
  var rootHash: UInt64

  /// Reads header, trailer, section table and indexes, and checks that the parts tile the file.
  /// `Fault(.badData)` with the byte for the first thing that is wrong.
  init(_ file: any ShardBytes, configuration: ShardConfiguration) throws {
    (header, trailer, rootHash) = try ShardDirectory.ends(of: file, configuration: configuration)
    sections = try ShardDirectory.sections(file, trailer)
    let samples = try ShardDirectory.section(ShardSection.sampleIndex, "sample index", sections, file)
    let pictures = try ShardDirectory.section(ShardSection.pictureIndex, "picture index", sections, file)
    guard samples.byteCount == trailer.sampleCount * ShardLimits.entryByteCount else {
      throw Fault(
        .badData,
        "The sample index has \(samples.byteCount) bytes, expected \(trailer.sampleCount * ShardLimits.entryByteCount)",
        at: "\(file.path): byte \(samples.offset)")
    }
    guard pictures.byteCount % ShardLimits.pictureEntryByteCount == 0 else {
      throw Fault(
        .badData, "The picture index has \(pictures.byteCount) bytes, no whole number of lines",
        at: "\(file.path): byte \(pictures.offset)")
    }
    let pictureCount = pictures.byteCount / ShardLimits.pictureEntryByteCount
    let lines =
      try ShardDirectory.bytes(of: samples, "sample index", file)
      + ShardDirectory.bytes(of: pictures, "picture index", file)
    entries = EntryTable(lines, samples: 0, trailer.sampleCount, pictures: samples.byteCount, pictureCount)
    let body = sections[0].offset
    let checked = try entries.checkShard(
      samples: 0..<trailer.sampleCount, pictures: 0..<pictureCount, limit: body, configuration: configuration
    ) { what, place in
      let offset = place < samples.byteCount ? samples.offset + place : pictures.offset + place - samples.byteCount
      return Fault(.badData, what, at: "\(file.path): byte \(offset)")
    }
    frameCount = checked.frameCount
    guard checked.end == body else {
      throw Fault(
        .badData, "The records end at byte \(checked.end), the sections begin at \(body)",
        at: "\(file.path): byte \(body)")
    }
    tokens = try ShardDirectory.tokens(file, sections, sampleCount: trailer.sampleCount, configuration)
    guard (try leftOut(file)).count == trailer.leftOutCount else { preconditionFailure("checked by leftOut") }
  }

  /// Header and trailer with the root hash: what tells whether this is the file that is meant, in two small reads.
  static func ends(
    of file: any ShardBytes, configuration: ShardConfiguration
  ) throws -> (ShardHeader, ShardTrailer, rootHash: UInt64) {
    let path = file.path
    let smallest = ShardLimits.headerByteCount + ShardLimits.trailerByteCount
    guard file.byteCount >= smallest else {
      throw Fault(
        .badData, "The file ends early: expected at least \(smallest) bytes, found \(file.byteCount)",
        at: "\(path): byte \(file.byteCount)")
    }
    let header = try ShardHeader(file.read(at: 0, count: ShardLimits.headerByteCount), path: path)
    guard
      header == ShardHeader(number: header.number, configuration: configuration, sourceHash: header.sourceHash)
    else {
      throw Fault(
        .badData, "The shard was written with another configuration than its set", at: "\(path): byte 20",
        remedy: "Put back the shard that belongs here, or build the set again")
    }
    let bytes = try file.read(at: file.byteCount - ShardLimits.trailerByteCount, count: ShardLimits.trailerByteCount)
    let trailer = try ShardTrailer(bytes, path: path, fileByteCount: file.byteCount)
    return (header, trailer, XXH3.hash(bytes))
  }

  /// Where the token features of a shard are, in four small reads; nil in a set that has none.
  static func tokens(
    of file: any ShardBytes, sampleCount: Int, configuration: ShardConfiguration
  ) throws -> TokenDirectory? {
    let trailer = try ends(of: file, configuration: configuration).1
    return try tokens(file, sections(file, trailer), sampleCount: sampleCount, configuration)
  }

  private static func tokens(
    _ file: any ShardBytes, _ sections: [ShardSection], sampleCount: Int, _ configuration: ShardConfiguration
  ) throws -> TokenDirectory? {
    if let shape = configuration.tokens {
      return try TokenDirectory(file, sections, sampleCount: sampleCount, shape: shape)
    }
    let ids = [ShardSection.tokenDirectory, ShardSection.tokenFeatures]
    guard !sections.contains(where: { ids.contains($0.id) }) else {
      throw Fault(.badData, "The shard has token features, and its set has none", at: file.path)
    }
    return nil
  }

  /// The notes on left-out samples.
  func leftOut(_ file: any ShardBytes) throws -> [LeftOutSample] {
    guard let section = sections.first(where: { $0.id == ShardSection.leftOut }) else {
      guard trailer.leftOutCount == 0 else {
        throw Fault(.badData, "The notes on \(trailer.leftOutCount) left-out samples are missing", at: file.path)
      }
      return []
    }
    guard section.byteCount <= ShardLimits.maximumLeftOutByteCount else {
      throw Fault(.badData, "Notes of \(section.byteCount) bytes", at: "\(file.path): byte \(section.offset)")
    }
    let bytes = try ShardDirectory.bytes(of: section, "list of left-out samples", file)
    do { return try LeftOutSample.lines(bytes, count: trailer.leftOutCount) } catch var fault as Fault {
      fault.place = "\(file.path): byte \(section.offset)"
      throw fault
    }
  }

  /// Reads the section table and checks that the sections lie without a gap up to it, each once.
  private static func sections(_ file: any ShardBytes, _ trailer: ShardTrailer) throws -> [ShardSection] {
    let bytes = try file.read(at: trailer.tableOffset, count: trailer.sectionCount * ShardLimits.sectionByteCount)
    var reader = ByteReader(bytes, path: file.path, offset: trailer.tableOffset)
    guard XXH3.hash(bytes) == trailer.tableHash else { throw reader.fault("The section table is damaged") }
    var sections: [ShardSection] = []
    for _ in 0..<trailer.sectionCount {
      let line = reader
      let section = try ShardSection(&reader)
      let (end, overflow) = section.offset.addingReportingOverflow(section.byteCount)
      let previous = sections.last.map { $0.offset + $0.byteCount }
      guard section.offset >= ShardLimits.headerByteCount, !overflow, end <= trailer.tableOffset,
        section.offset == previous ?? section.offset
      else { throw line.fault("Section at byte \(section.offset) of \(section.byteCount) bytes does not fit the file") }
      guard !sections.contains(where: { $0.id == section.id }) else {
        throw line.fault("The shard has section \(section.id) twice")
      }
      sections.append(section)
    }
    guard sections.last.map({ $0.offset + $0.byteCount }) == trailer.tableOffset else {
      throw reader.fault("The sections leave a gap before their table")
    }
    return sections
  }

  static func section(
    _ id: UInt32, _ name: String, _ sections: [ShardSection], _ file: any ShardBytes
  ) throws -> ShardSection {
    guard let section = sections.first(where: { $0.id == id }) else {
      throw Fault(.badData, "The shard has no \(name)", at: file.path)
    }
    return section
  }

  static func bytes(of section: ShardSection, _ name: String, _ file: any ShardBytes) throws -> [UInt8] {
    let bytes = try file.read(at: section.offset, count: section.byteCount)
    guard XXH3.hash(bytes) == section.hash else {
      throw Fault(.badData, "The \(name) is damaged", at: "\(file.path): byte \(section.offset)")
    }
    return bytes
  }
}
