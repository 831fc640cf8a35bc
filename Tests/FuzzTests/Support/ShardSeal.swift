import DurableFiles

/// Makes the hashes of a shard right, wherever its fields lead: what is checked behind a hash is only reached by bytes
/// that have it. The hashes are made from the inside out, for each covers those within.
enum ShardSeal {
  private static let sectionByteCount = 32

  static func seal(_ shard: inout [UInt8]) {
    guard shard.count >= 128 else { return }
    let trailer = shard.count - 64
    shard.put(UInt64(shard.count), at: trailer + 24)
    let tableByteCount = UInt64(shard.half(at: trailer + 8)) * UInt64(sectionByteCount)
    if let table = shard.range(at: shard.word(at: trailer), count: tableByteCount, in: 64..<trailer), !table.isEmpty {
      sealRecords(&shard, table)
      for line in lines(table) {
        guard let section = section(shard, line, table) else { continue }
        shard.put(XXH3.hash(shard[section]), at: line + 24)
      }
      shard.put(XXH3.hash(shard[table]), at: trailer + 32)
      shard.put(XXH3.hash(shard[..<56]), at: 56)
      if let first = section(shard, table.lowerBound, table) {
        shard.put(XXH3.hash(shard[..<first.lowerBound]), at: trailer + 40)
      }
    }
    shard.put(XXH3.hash(shard[..<56]), at: 56)
    shard.put(XXH3.hash(shard[trailer..<trailer + 48]), at: trailer + 48)
  }

  private static func lines(_ table: Range<Int>) -> StrideTo<Int> {
    stride(from: table.lowerBound, to: table.upperBound, by: sectionByteCount)
  }

  private static func section(_ shard: [UInt8], _ line: Int, _ table: Range<Int>) -> Range<Int>? {
    shard.range(at: shard.word(at: line + 8), count: shard.word(at: line + 16), in: 64..<table.lowerBound)
  }

  private static func sealRecords(_ shard: inout [UInt8], _ table: Range<Int>) {
    for line in lines(table) {
      guard let section = section(shard, line, table) else { continue }
      switch shard.half(at: line) {
      case 0x8000_0001: sealRecords(&shard, section, entryByteCount: 40, isSample: true)
      case 0x8000_0002: sealRecords(&shard, section, entryByteCount: 24, isSample: false)
      case 0x8000_0004: sealTokens(&shard, section, table)
      default: break
      }
    }
  }

  private static func sealRecords(_ shard: inout [UInt8], _ index: Range<Int>, entryByteCount: Int, isSample: Bool) {
    for entry in stride(from: index.lowerBound, to: index.upperBound - entryByteCount + 1, by: entryByteCount) {
      let (offset, count) = (shard.word(at: entry), UInt64(shard.half(at: entry + 8)))
      guard let record = shard.range(at: offset, count: count, in: 64..<index.lowerBound) else { continue }
      if isSample { sealSample(&shard, record) } else { sealPicture(&shard, record) }
    }
  }

  private static func sealSample(_ shard: inout [UInt8], _ record: Range<Int>) {
    guard record.count >= 40 else { return }
    let start = record.lowerBound
    let details = shard.range(at: UInt64(start + 40), count: UInt64(shard.half(at: start + 24)), in: record)
    let end = details?.upperBound ?? record.upperBound
    shard.put(XXH3.hash(shard[end..<record.upperBound]), at: start + 8)
    shard.put(XXH3.hash(shard[start + 8..<end]), at: start)
  }

  /// The hashes of token features, in the lines of their directory; each token has two numbers.
  private static func sealTokens(_ shard: inout [UInt8], _ directory: Range<Int>, _ table: Range<Int>) {
    guard directory.count >= 8 else { return }
    for line in stride(from: directory.lowerBound + 8, to: directory.upperBound - 31, by: 32) {
      let (offset, count) = (shard.word(at: line), UInt64(shard.half(at: line + 8)))
      guard let features = shard.range(at: offset, count: 4 * count, in: 64..<table.lowerBound),
        offset >= directory.upperBound
      else { continue }
      shard.put(XXH3.hash(shard[features]), at: line + 16)
    }
  }

  private static func sealPicture(_ shard: inout [UInt8], _ record: Range<Int>) {
    guard record.count >= 24 else { return }
    shard.put(XXH3.hash(shard[record.lowerBound + 8..<record.upperBound]), at: record.lowerBound)
  }
}
