import Faults
import ShardFormat

extension Forgery {
  package var storage: MemoryFolder { MemoryFolder(["shard-00000.sgmn": shard, "index.sgmn": index]) }

  /// Every sample, as training reads them.
  package func samples() throws -> [Sample] {
    let set = try ShardSet(storage: storage)
    try set.checkFiles()
    let decoder = ShardDecoder()
    return try (0..<set.count).map { try set.read(at: $0, using: decoder) }
  }

  /// The fault that opening the set, reading all samples or verifying every byte gives; nil where nothing is found and all
  /// samples are those of `truth`. Throws where something else was read and nobody said so.
  package func finding(truth: [Sample]) throws -> Fault? {
    do {
      guard try samples() == truth else { throw TrialFailure("other samples than were written, without a word") }
      let index = try ShardSetIndex(storage)
      return ShardVerification.problems(ofShard: 0, of: index, in: storage, depth: .full).first
    } catch let fault as Fault { return fault }
  }

  /// Puts other stored pixels into the last sample, with every hash, size and offset made right: what a file may hold that
  /// no honest writer made.
  package mutating func replacePixels(with pixels: [UInt8]) {
    let last = sampleCount - 1
    let old = record(last)
    let growth = pixels.count - old.pixels.count
    shard.replaceSubrange(old.pixels, with: pixels)
    sampleIndexOffset += growth
    pictureIndexOffset += growth
    indexEnd += growth
    tableOffset += growth
    func add(at offset: Int, width: Int, in bytes: inout [UInt8]) {
      let sum = Forgery.word(bytes, offset) &+ UInt64(bitPattern: Int64(growth))
      Forgery.put(sum, width: width, at: offset, in: &bytes)
    }
    add(at: old.head + 28, width: 4, in: &shard)
    add(at: entryOffset(last) + 8, width: 4, in: &shard)
    for line in [tableOffset, tableOffset + 32] { add(at: line + 8, width: 8, in: &shard) }
    for field in [0, 24] { add(at: trailerOffset + field, width: 8, in: &shard) }
    add(at: shardLineOffset + 24, width: 8, in: &index)
    sealRecords(of: self)
    seal()
  }

  /// Makes the set's index agree with a shard that was cut: the cut alone is left to be found.
  package mutating func tellSize() {
    Forgery.put(UInt64(shard.count), at: shardLineOffset + 24, in: &index)
    sealIndex()
  }

  /// Where one part of the shard ends and another begins.
  package var boundaries: [Int] {
    var places = [64, sampleIndexOffset, pictureIndexOffset, tableOffset, trailerOffset]
    for sample in 0..<sampleCount {
      let (head, details, pixels) = record(sample)
      places += [head, details.lowerBound, pixels.lowerBound, pixels.upperBound, entryOffset(sample)]
    }
    for picture in 0..<pictureCount { places += [pictureRecord(picture).head, pictureEntryOffset(picture)] }
    return Array(Set(places)).sorted()
  }
}
