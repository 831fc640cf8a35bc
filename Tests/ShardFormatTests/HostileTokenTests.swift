import DurableFiles
import FaultTrials
import Faults
import Randomness
import Testing

@testable import ShardFormat

/// Token features that are cut, flipped, or lie with the right hashes.
@Suite struct HostileTokenTests {
  let folder: TemporaryFolder
  let original: Forgery
  let samples: [Sample]
  /// Where the token directory is in the shard, and its lines.
  let directory: Range<Int>
  let features: Range<Int>

  init() throws {
    folder = try TemporaryFolder()
    samples = (0..<4).map(TokenFeaturesTests.sample)
    let writer = try ShardWriter(folder: folder.path, configuration: TokenFeaturesTests.configuration)
    for sample in samples { try writer.append(sample) }
    try writer.finish()
    original = try Forgery(folder: folder.path)
    directory = Self.section(2, of: original)
    features = Self.section(3, of: original)
    #expect(try original.readAll() == samples)
    // The title of 0 and 1, that of 3, and the spoken texts of 0 and 2.
    #expect(Int(Forgery.word(original.shard, directory.lowerBound)) == 4)
  }

  private static func section(_ line: Int, of set: Forgery) -> Range<Int> {
    let offset = Int(Forgery.word(set.shard, set.tableOffset + 32 * line + 8))
    return offset..<offset + Int(Forgery.word(set.shard, set.tableOffset + 32 * line + 16))
  }

  @Test func everyFlippedByteIsFound() throws {
    for place in Array(directory) + Array(features) {
      var forged = original
      forged.shard[place] ^= 0x41
      #expect(try forged.code() == .badData, "byte \(place)")
    }
    for place in original.tableOffset..<original.shard.count {
      var forged = original
      forged.shard[place] ^= 0x10
      #expect(try forged.code() == .badData, "byte \(place)")
    }
  }

  /// Every field of the directory and of its section lines takes every lie, under right hashes.
  @Test func everyLyingFieldIsFound() throws {
    var fields: [(Int, Int)] = [(0, 4), (4, 4)].map { (directory.lowerBound + $0.0, $0.1) }
    let textCount = Int(UInt32(truncatingIfNeeded: Forgery.word(original.shard, directory.lowerBound)))
    for text in 0..<textCount {
      let line = directory.lowerBound + 8 + 32 * text
      fields += [(0, 8), (8, 4), (12, 4), (16, 8), (24, 8)].map { (line + $0.0, $0.1) }
    }
    for number in 0..<2 * samples.count { fields.append((directory.lowerBound + 8 + 32 * textCount + 4 * number, 4)) }
    for line in [original.tableOffset + 64, original.tableOffset + 96] {
      fields += [(0, 4), (4, 4), (8, 8), (16, 8)].map { (line + $0.0, $0.1) }
    }
    for (offset, width) in fields {
      for lie in HostileInputTests.lies {
        var forged = original
        Forgery.put(lie, width: width, at: offset, in: &forged.shard)
        guard forged.shard != original.shard else { continue }
        forged.seal()
        #expect(try forged.code() == .badData, "\(lie) at byte \(offset)")
      }
    }
  }

  /// Neither the token features of a shard nor its directory can be left out, named twice or swapped.
  @Test func sectionsThatAreMissingOrSwappedAreRefused() throws {
    for (line, id) in [(2, UInt64(0x10)), (3, 0x10), (2, 0x8000_0005), (3, 0x8000_0004)] {
      var forged = original
      Forgery.put(id, width: 4, at: original.tableOffset + 32 * line, in: &forged.shard)
      forged.seal()
      #expect(try forged.code() == .badData, "section \(line) as \(id)")
    }
    var swapped = original
    for byte in 0..<4 { swapped.shard.swapAt(swapped.tableOffset + 64 + byte, swapped.tableOffset + 96 + byte) }
    swapped.seal()
    #expect(try swapped.code() == .badData)
  }

  @Test func anUnusedTextAndNumbersThatAreNotFiniteAreRefused() throws {
    var forged = original
    let textCount = Int(UInt32(truncatingIfNeeded: Forgery.word(original.shard, directory.lowerBound)))
    let first = directory.lowerBound + 8
    // The last sample names an earlier text in the place of its own.
    Forgery.put(0, width: 4, at: first + 32 * textCount + 8 * 3, in: &forged.shard)
    forged.seal()
    let unused = try #require(throws: Fault.self) { _ = try forged.readAll() }
    #expect(unused.what == "No sample names text 3")
    #expect(unused.remedy?.contains("sgmn-shard verify") == true)

    var infinite = original
    infinite.shard[features.lowerBound] = 0
    infinite.shard[features.lowerBound + 1] = 0x7C
    let count = Int(UInt32(truncatingIfNeeded: Forgery.word(original.shard, first + 8)))
    let text = Array(infinite.shard[features.lowerBound..<features.lowerBound + 6 * count])
    Forgery.put(XXH3.hash(text), at: first + 16, in: &infinite.shard)
    infinite.seal()
    #expect(try #require(throws: Fault.self) { _ = try infinite.readAll() }.what == "The token features are not finite")
    #expect(
      try ShardVerification.verify(folder: folder.path).problems.first?.what == "The token features are not finite")
  }

  @Test func everyCutIsFound() throws {
    for place in Set(
      [directory.lowerBound, directory.upperBound, features.upperBound].flatMap { [$0 - 1, $0, $0 + 1] })
    {
      var forged = original
      forged.shard.removeSubrange(place...)
      #expect(try forged.code() == .badData, "cut at \(place)")
    }
  }

  /// What the index says of the features: width, most tokens, and the version that says they are there.
  @Test func aLyingIndexIsHarmless() throws {
    let record = 40
    let recordByteCount = Int(UInt32(truncatingIfNeeded: Forgery.word(original.index, 32)))
    for offset in [8, record + recordByteCount - 8, record + recordByteCount - 4] {
      for lie in HostileInputTests.lies {
        var forged = original
        Forgery.put(lie, width: 4, at: offset, in: &forged.index)
        guard forged.index != original.index else { continue }
        forged.sealIndex()
        #expect(try forged.code() == .badData, "\(lie) at byte \(offset)")
      }
    }
    var newer = original
    Forgery.put(4, width: 4, at: 8, in: &newer.index)
    newer.sealIndex()
    let fault = try #require(throws: Fault.self) { _ = try newer.readAll() }
    #expect(fault.what == "The set is of version 4, this program reads versions 2 and 3")
  }

  @Test func aSampleWithOneOfEmbeddingAndFeaturesIsRefused() throws {
    var forged = original
    let textCount = Int(UInt32(truncatingIfNeeded: Forgery.word(original.shard, directory.lowerBound)))
    // Sample 1 has no spoken text; now it has the features of one.
    Forgery.put(1, width: 4, at: directory.lowerBound + 8 + 32 * textCount + 8 + 4, in: &forged.shard)
    forged.seal()
    let fault = try #require(throws: Fault.self) { _ = try forged.readAll() }
    #expect(fault.what == "A text of the sample has only one of embedding and token features")
    #expect(fault.place?.contains("sample 1, clip 'clip-1'") == true)
  }
}
