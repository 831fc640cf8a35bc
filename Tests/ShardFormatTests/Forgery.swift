import DurableFiles
import Faults
import Foundation
import ShardFormat

/// The bytes of a set with one shard, to be changed in memory and written back with every hash made right again: what
/// a checksum cannot find must be found by the checks behind it. Positions are those of shards/FORMAT.md.
struct Forgery {
  let folder: String
  var shard: [UInt8]
  var index: [UInt8]
  let sampleCount: Int
  let tableOffset: Int
  let sampleIndexOffset: Int
  let shardLineOffset: Int

  init(folder: String) throws {
    self.folder = folder
    shard = try FileReader.contents(of: folder + "/shard-00000.sgmn", limit: .max)
    index = try FileReader.contents(of: folder + "/index.sgmn", limit: .max)
    let trailer = shard.count - 64
    tableOffset = Int(Forgery.word(shard, trailer))
    sampleCount = Int(Forgery.word(shard, trailer + 16))
    sampleIndexOffset = Int(Forgery.word(shard, tableOffset + 8))
    shardLineOffset = index.count - 8 - 48
  }

  var trailerOffset: Int { shard.count - 64 }

  func entryOffset(_ sample: Int) -> Int { sampleIndexOffset + 64 * sample }

  /// Offset and bytes of the details, offset and bytes of the pixels.
  func record(_ sample: Int) -> (details: Range<Int>, pixels: Range<Int>) {
    let entry = entryOffset(sample)
    let offset = Int(Forgery.word(shard, entry))
    let details = Int(UInt32(truncatingIfNeeded: Forgery.word(shard, entry + 8)))
    let pixels = Int(Forgery.word(shard, entry + 8) >> 32)
    return (offset..<offset + details, offset + details..<offset + details + pixels)
  }

  static func word(_ bytes: [UInt8], _ offset: Int) -> UInt64 {
    bytes.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) }
  }

  static func put(_ value: UInt64, width: Int = 8, at offset: Int, in bytes: inout [UInt8]) {
    for byte in 0..<width { bytes[offset + byte] = UInt8(truncatingIfNeeded: value >> (8 * byte)) }
  }

  /// Makes the hashes of every record right.
  mutating func sealRecords() {
    for sample in 0..<sampleCount {
      let (details, pixels) = record(sample)
      Forgery.put(XXH3.hash(shard[details]), at: entryOffset(sample) + 32, in: &shard)
      Forgery.put(XXH3.hash(shard[pixels]), at: entryOffset(sample) + 40, in: &shard)
    }
  }

  /// Makes all hashes above the records right, in shard and index, whatever the fields between them say.
  mutating func seal() {
    let trailer = trailerOffset
    Forgery.put(XXH3.hash(shard[..<56]), at: 56, in: &shard)
    Forgery.put(XXH3.hash(shard[sampleIndexOffset..<tableOffset]), at: tableOffset + 24, in: &shard)
    Forgery.put(XXH3.hash(shard[tableOffset..<trailer]), at: trailer + 32, in: &shard)
    Forgery.put(XXH3.hash(shard[..<64]), at: trailer + 40, in: &shard)
    Forgery.put(XXH3.hash(shard[trailer..<(trailer + 48)]), at: trailer + 48, in: &shard)
    Forgery.put(XXH3.hash(shard[trailer...]), at: shardLineOffset + 32, in: &index)
    Forgery.put(XXH3.hash(shard), at: shardLineOffset + 40, in: &index)
    sealIndex()
  }

  mutating func sealIndex() {
    Forgery.put(XXH3.hash(index[..<(index.count - 8)]), at: index.count - 8, in: &index)
  }

  func write() throws {
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
  func readAll() throws -> [Sample] {
    try write()
    let set = try ShardSet(folder: folder)
    let decoder = ShardDecoder()
    return try (0..<set.count).map { try set.read(at: $0, using: decoder) }
  }

  /// The code of the fault that reading all gives; nil if it gives none.
  func code() throws -> ExitCode? {
    do {
      _ = try readAll()
      return nil
    } catch let fault as Fault { return fault.code }
  }
}
