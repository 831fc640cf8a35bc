import DurableFiles
import FaultTrials
import Faults
import Foundation
import Randomness
import ShardFormat
import Testing

/// Shards that are cut, flipped, or lie with the right hashes: always `Fault(.badData)`, never a trap, never a wrong sample.
@Suite struct HostileInputTests {
  let folder: TemporaryFolder
  let original: Forgery
  let samples: [Sample]
  static let configuration = ShardConfiguration(
    resolution: 4, maximumFrameCount: 5, pixelEncoding: .rgb, samplesPerShard: 4, textEncoder: "hash-test",
    textWidth: 4)

  init() throws {
    folder = try TemporaryFolder()
    try SampleFixtures.build(folder.path, count: 4, configuration: Self.configuration)
    original = try Forgery(folder: folder.path)
    samples = (0..<4).map { SampleFixtures.sample($0, configuration: Self.configuration) }
    #expect(try original.readAll() == samples)
  }

  @Test func everyFlippedByteIsFound() throws {
    var stream = RandomStream(seed: 3, "flips")
    for _ in 0..<3000 {
      var forged = original
      let place = stream.integer(below: forged.shard.count + forged.index.count)
      let change = UInt8(1 + stream.integer(below: 255))
      if place < forged.shard.count {
        forged.shard[place] ^= change
      } else {
        forged.index[place - forged.shard.count] ^= change
      }
      let code = try forged.code()
      #expect(code == .badData, "byte \(place) changed by \(change)")
    }
  }

  @Test func everyCutIsFound() throws {
    var places: Set<Int> = [0, 1, 8, original.shard.count - 1]
    var boundaries = [
      64, original.sampleIndexOffset, original.pictureIndexOffset, original.tableOffset, original.trailerOffset,
    ]
    for sample in 0..<original.sampleCount {
      let (head, details, pixels) = original.record(sample)
      boundaries += [head, details.lowerBound, pixels.lowerBound, pixels.upperBound, original.entryOffset(sample)]
    }
    for boundary in boundaries { places.formUnion([boundary - 1, boundary, boundary + 1]) }
    for place in places {
      var forged = original
      forged.shard.removeSubrange(place...)
      #expect(try forged.code() == .badData, "shard cut at \(place)")
      // And the shard alone, without an index that knows its size.
      let alone = try #require(throws: Fault.self) {
        _ = try ShardFile(folder: folder.path, number: 0, configuration: Self.configuration)
      }
      #expect(alone.code == .badData, "shard cut at \(place)")
    }
    for place in 0..<original.index.count {
      var forged = original
      forged.index.removeSubrange(place...)
      #expect(try forged.code() == .badData, "index cut at \(place)")
    }
    for extra in [1, 64, 1000] {
      var forged = original
      forged.shard += [UInt8](repeating: 0, count: extra)
      #expect(try forged.code() == .badData)
    }
  }

  static let lies: [UInt64] = [
    0, 1, 2, 255, 65_535, UInt64(UInt32.max), 1 << 31, 1 << 32, (1 << 63) - 1, 1 << 63, UInt64.max, UInt64.max - 63,
  ]

  /// Every field of header, sample index, table and trailer takes every lie, under right hashes.
  @Test func everyLyingFieldOfAShardIsFound() throws {
    // Not the source hash at 40, which is the builder's own.
    var fields: [(Int, Int)] = [8, 12, 16, 20, 24, 28].map { ($0, 4) } + [(32, 8), (48, 8)]
    for sample in 0..<original.sampleCount {
      let entry = original.entryOffset(sample)
      fields += [0, 24, 32].map { (entry + $0, 8) } + [8, 16, 20].map { (entry + $0, 4) }
      fields += [12, 14].map { (entry + $0, 2) }
    }
    for picture in 0..<original.pictureCount {
      let entry = original.pictureEntryOffset(picture)
      fields += [0, 16].map { (entry + $0, 8) } + [8, 12].map { (entry + $0, 4) }
    }
    for line in [original.tableOffset, original.tableOffset + 32] {
      fields += [(0, 4), (4, 4), (8, 8), (16, 8)].map { (line + $0.0, $0.1) }
    }
    fields += [(0, 8), (8, 4), (12, 4), (16, 8), (24, 8)].map { (original.trailerOffset + $0.0, $0.1) }
    for (offset, width) in fields {
      for lie in HostileInputTests.lies {
        var forged = original
        Forgery.put(lie, width: width, at: offset, in: &forged.shard)
        guard forged.shard != original.shard else { continue }  // it was the truth
        forged.seal()
        #expect(try forged.code() == .badData, "\(lie) at byte \(offset)")
      }
    }
  }

  @Test func everyLyingFieldOfTheIndexIsHarmless() throws {
    for offset in stride(from: 8, to: original.index.count - 8, by: 4) {
      for width in [4, 8] where offset + width <= original.index.count - 8 {
        for lie in HostileInputTests.lies {
          var forged = original
          Forgery.put(lie, width: width, at: offset, in: &forged.index)
          forged.sealIndex()
          // What verification alone compares, such as the count of left-out samples, reads right all the same.
          if let code = try forged.code() {
            #expect(code == .badData || code == .inputMissing)
          } else {
            #expect(try forged.readAll() == samples || forged.readAll().isEmpty)
          }
        }
      }
    }
  }

  @Test func overlappingAndGappyRecordsAreRefused() throws {
    for change in [-1, 1, 64] as [Int] {
      var forged = original
      let entry = forged.entryOffset(2)
      Forgery.put(Forgery.word(forged.shard, entry) &+ UInt64(bitPattern: Int64(change)), at: entry, in: &forged.shard)
      forged.seal()
      let fault = try #require(throws: Fault.self) { _ = try forged.readAll() }
      #expect(fault.what.contains("overlap or leave a gap"))
      #expect(fault.place?.hasSuffix("index.sgmn: byte \(forged.shardLineOffset + 48 + 2 * 40)") == true)
    }
    var swapped = original
    for byte in 0..<40 { swapped.shard.swapAt(swapped.entryOffset(0) + byte, swapped.entryOffset(1) + byte) }
    swapped.seal()
    #expect(try swapped.code() == .badData)
  }

  /// Records with right hashes and wrong content: lengths, UTF-8, order of tags, zstd frames. Nothing may trap, and
  /// what passes has the shape that the set promises.
  @Test func recordsOfRandomChangesNeverTrap() throws {
    var stream = RandomStream(seed: 4, "records")
    let configuration = try ShardSet(folder: folder.path).configuration
    for round in 0..<1000 {
      var forged = original
      let (_, details, pixels) = original.record(stream.integer(below: forged.sampleCount))
      let range = [details, pixels, original.pictureRecord(stream.integer(below: original.pictureCount)).pixels][
        round % 3]
      for _ in 0..<(1 + stream.integer(below: 4)) {
        // Mostly near the front, where the lengths and the frame header are.
        let place = range.lowerBound + stream.integer(below: min(range.count, round % 3 == 0 ? range.count : 24))
        forged.shard[place] = [0, 0x7F, 0x80, 0xFF, UInt8(stream.integer(below: 256))][stream.integer(below: 5)]
      }
      forged.sealRecords(of: original)
      forged.seal()
      do {
        for sample in try forged.readAll() {
          #expect(sample.image.count == configuration.rgbByteCount)
          #expect(sample.frames.count == sample.frameCount * configuration.rgbByteCount)
        }
      } catch let fault as Fault {
        #expect(fault.code == .badData)
        #expect(fault.place?.contains("sample") == true)
      }
    }
  }

  @Test func randomBytesAreNoSet() throws {
    var stream = RandomStream(seed: 5, "noise")
    for round in 0..<200 {
      var forged = original
      let noise = (0..<stream.integer(below: 400)).map { _ in UInt8(stream.integer(below: 256)) }
      if round % 2 == 0 { forged.index = noise } else { forged.shard = noise }
      #expect(try forged.code() == .badData)
    }
  }

  @Test func aFaultSaysWhereAndWhatToDo() throws {
    var forged = original
    let pixels = forged.record(2).pixels
    forged.shard[pixels.upperBound - 1] ^= 1
    try forged.write()
    let set = try ShardSet(folder: folder.path)
    #expect(try set.summary(at: 2) == samples[2].summary)  // the details are right
    let fault = try #require(throws: Fault.self) { _ = try set.read(at: 2, using: ShardDecoder()) }
    #expect(fault.what == "The pixels are damaged: their hash does not match")
    let offset = forged.record(2).head
    #expect(fault.place == "\(folder.path)/shard-00000.sgmn: byte \(offset), sample 2, clip 'clip-2'")
    #expect(fault.remedy?.contains("sgmn-shard verify") == true)
    #expect(try set.read(at: 3, using: ShardDecoder()) == samples[3])
  }

  @Test func newerVersionsAreRefusedByName() throws {
    var shard = original
    Forgery.put(3, width: 4, at: 8, in: &shard.shard)
    shard.seal()
    #expect(try #require(throws: Fault.self) { _ = try shard.readAll() }.what.contains("version 3"))
    var encoding = original
    Forgery.put(9, width: 4, at: 40 + 12, in: &encoding.index)
    encoding.sealIndex()
    #expect(try #require(throws: Fault.self) { _ = try encoding.readAll() }.what.contains("Pixel encoding 9"))
    var section = original
    Forgery.put(0x8000_0009, width: 4, at: section.tableOffset, in: &section.shard)
    section.seal()
    try section.write()
    let problem = try #require(try ShardVerification.verify(folder: folder.path).problems.first)
    #expect(problem.what.contains("0x80000009"))
  }
}
