import DurableFiles
import Faults
import Foundation
import ShardFormat

/// The bytes of a set with one shard, to be changed in memory, with every hash made right again or not, and read from
/// there or from a folder: what a checksum cannot find must be found by the checks behind it. Positions are those of
/// shards/FORMAT.md.
package struct Forgery: Sendable {
  package let folder: String
  package var shard: [UInt8]
  package var index: [UInt8]
  package let sampleCount: Int
  package let pictureCount: Int
  package internal(set) var tableOffset: Int
  package internal(set) var sampleIndexOffset: Int
  package internal(set) var pictureIndexOffset: Int
  /// Where the indexes end, and what other sections there are begins.
  package internal(set) var indexEnd: Int
  /// Where the line of the shard is in the index, and the copies of the shard's own indexes.
  package let shardLineOffset: Int

  package init(folder: String) throws {
    self.folder = folder
    shard = try FileReader.contents(of: folder + "/shard-00000.sgmn", limit: .max)
    index = try FileReader.contents(of: folder + "/index.sgmn", limit: .max)
    let trailer = shard.count - 64
    tableOffset = Int(Forgery.word(shard, trailer))
    sampleCount = Int(Forgery.word(shard, trailer + 16))
    sampleIndexOffset = Int(Forgery.word(shard, tableOffset + 8))
    pictureIndexOffset = Int(Forgery.word(shard, tableOffset + 32 + 8))
    indexEnd = pictureIndexOffset + Int(Forgery.word(shard, tableOffset + 32 + 16))
    pictureCount = (indexEnd - pictureIndexOffset) / 24
    for line in stride(from: tableOffset + 64, to: trailer, by: 32) {
      sectionByteCounts[line] = Int(Forgery.word(shard, line + 16))
    }
    shardLineOffset = 40 + Int(UInt32(truncatingIfNeeded: Forgery.word(index, 32)))
  }

  /// The sizes that sections behind the indexes really have, by the offsets of their lines.
  private var sectionByteCounts: [Int: Int] = [:]

  package var trailerOffset: Int { shard.count - 64 }

  package func entryOffset(_ sample: Int) -> Int { sampleIndexOffset + 40 * sample }

  package func pictureEntryOffset(_ picture: Int) -> Int { pictureIndexOffset + 24 * picture }

  /// Where a sample's record is: its head, its details, its pixels.
  package func record(_ sample: Int) -> (head: Int, details: Range<Int>, pixels: Range<Int>) {
    let entry = entryOffset(sample)
    let offset = Int(Forgery.word(shard, entry))
    let size = Int(UInt32(truncatingIfNeeded: Forgery.word(shard, entry + 8)))
    let details = offset + 40 + Int(UInt32(truncatingIfNeeded: Forgery.word(shard, offset + 24)))
    return (offset, offset + 40..<details, details..<offset + size)
  }

  /// Where a picture's record is: its head and its pixels.
  package func pictureRecord(_ picture: Int) -> (head: Int, pixels: Range<Int>) {
    let entry = pictureEntryOffset(picture)
    let offset = Int(Forgery.word(shard, entry))
    return (offset, offset + 24..<offset + Int(UInt32(truncatingIfNeeded: Forgery.word(shard, entry + 8))))
  }

  package static func word(_ bytes: [UInt8], _ offset: Int) -> UInt64 {
    bytes.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) }
  }

  package static func put(_ value: UInt64, width: Int = 8, at offset: Int, in bytes: inout [UInt8]) {
    for byte in 0..<width { bytes[offset + byte] = UInt8(truncatingIfNeeded: value >> (8 * byte)) }
  }

  /// Makes the hashes of every record of `original` right, where its parts were.
  package mutating func sealRecords(of original: Forgery) {
    for sample in 0..<sampleCount {
      let (head, details, pixels) = original.record(sample)
      Forgery.put(XXH3.hash(shard[pixels]), at: head + 8, in: &shard)
      Forgery.put(XXH3.hash(shard[head + 8..<details.upperBound]), at: head, in: &shard)
    }
    for picture in 0..<pictureCount {
      let (head, pixels) = original.pictureRecord(picture)
      Forgery.put(XXH3.hash(shard[head + 8..<pixels.upperBound]), at: head, in: &shard)
    }
  }

  /// Makes all hashes above the records right, in shard and index, whatever the fields between them say.
  package mutating func seal() {
    let trailer = trailerOffset
    Forgery.put(XXH3.hash(shard[..<56]), at: 56, in: &shard)
    Forgery.put(XXH3.hash(shard[sampleIndexOffset..<pictureIndexOffset]), at: tableOffset + 24, in: &shard)
    Forgery.put(XXH3.hash(shard[pictureIndexOffset..<indexEnd]), at: tableOffset + 32 + 24, in: &shard)
    var start = indexEnd
    for line in stride(from: tableOffset + 64, to: trailer, by: 32) {
      let end = line + 32 == trailer ? tableOffset : min(tableOffset, start + sectionByteCounts[line, default: 0])
      Forgery.put(XXH3.hash(shard[start..<end]), at: line + 24, in: &shard)
      start = end
    }
    Forgery.put(XXH3.hash(shard[tableOffset..<trailer]), at: trailer + 32, in: &shard)
    Forgery.put(XXH3.hash(shard[..<sampleIndexOffset]), at: trailer + 40, in: &shard)
    Forgery.put(XXH3.hash(shard[trailer..<(trailer + 48)]), at: trailer + 48, in: &shard)
    Forgery.put(XXH3.hash(shard[trailer...]), at: shardLineOffset + 32, in: &index)
    let lines = Array(shard[sampleIndexOffset..<indexEnd])
    index.replaceSubrange(shardLineOffset + 48..<shardLineOffset + 48 + lines.count, with: lines)
    sealIndex()
  }

  package mutating func sealIndex() {
    Forgery.put(XXH3.hash(index[..<(index.count - 8)]), at: index.count - 8, in: &index)
  }

  package func write() throws {
    try Forgery.rewrite(folder + "/shard-00000.sgmn", shard)
    try Forgery.rewrite(folder + "/index.sgmn", index)
  }

  /// Writes the bytes that differ, in place: a test that changes one byte writes one byte.
  private static func rewrite(_ path: String, _ bytes: [UInt8]) throws {
    let old = try? FileReader.contents(of: path, limit: .max)
    guard old != bytes else { return }
    guard let old, old.count == bytes.count else { return try Data(bytes).write(to: URL(fileURLWithPath: path)) }
    let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
    let first = bytes.indices.first { old[$0] != bytes[$0] } ?? 0
    let last = bytes.indices.last { old[$0] != bytes[$0] } ?? 0
    try file.seek(toOffset: UInt64(first))
    try file.write(contentsOf: Data(bytes[first...last]))
    try file.close()
  }

  /// Opens the set and reads every sample; what is thrown, if anything is.
  package func readAll() throws -> [Sample] {
    try write()
    let set = try ShardSet(folder: folder)
    let decoder = ShardDecoder()
    return try (0..<set.count).map { try set.read(at: $0, using: decoder) }
  }

  /// The code of the fault that reading all, or verifying all, gives; nil if neither gives one.
  package func code() throws -> ExitCode? {
    do {
      _ = try readAll()
      return try ShardVerification.verify(folder: folder).problems.first?.code
    } catch let fault as Fault { return fault.code }
  }
}
