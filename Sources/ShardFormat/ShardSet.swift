import DurableFiles
import Faults

/// A finished set of shards, open for reading any sample from any thread.
public final class ShardSet: Sendable {
  public let folder: String
  public let index: ShardSetIndex
  /// Equal for sets of equal samples in equal order; a checkpoint keeps it.
  public let fingerprint: UInt64

  private let entries: [SampleEntry]
  /// The number of the first sample of every shard.
  private let firstSamples: [Int]
  /// What the first sample is called in messages.
  private let firstNumber: Int
  private let files = FileReaderCache()

  /// Opens a set and checks the structure of every shard against the index, without reading the samples.
  ///
  /// `Fault(.inputMissing)` for a missing folder, index or shard; `(.badData)` for anything cut, swapped or damaged.
  public init(folder: String) throws {
    let index = try ShardSetIndex(folder: folder)
    var entries: [SampleEntry] = []
    var firstSamples: [Int] = []
    for shard in index.shards {
      firstSamples.append(entries.count)
      entries += try ShardSet.directory(of: shard, in: folder, index.configuration).entries
    }
    self.folder = folder
    self.index = index
    fingerprint = index.fingerprint
    self.entries = entries
    self.firstSamples = firstSamples
    firstNumber = 0
  }

  /// One shard as a set of its own, whose first sample messages call `firstNumber`; for verification.
  init(
    folder: String, configuration: ShardConfiguration, shard: ShardSetIndex.Shard, directory: ShardDirectory,
    firstNumber: Int
  ) {
    self.folder = folder
    index = ShardSetIndex(configuration: configuration, shards: [shard])
    fingerprint = index.fingerprint
    entries = directory.entries
    firstSamples = [0]
    self.firstNumber = firstNumber
  }

  public var configuration: ShardConfiguration { index.configuration }

  /// Samples of the set.
  public var count: Int { entries.count }

  /// The number of frames of a sample, from the index; 0 for a picture alone.
  public func frameCount(at number: Int) -> Int { entries[number].frameCount }

  /// Equal for samples of one product, from the index.
  public func productKey(at number: Int) -> UInt64 { entries[number].productKey }

  /// Equal for samples with one image, from the index.
  public func imageKey(at number: Int) -> UInt64 { entries[number].imageKey }

  /// Where a sample is stored.
  public func location(of number: Int) -> SampleLocation {
    let shard = shardNumber(of: number)
    let entry = entries[number]
    return SampleLocation(
      path: "\(folder)/\(index.shards[shard].name)", offset: entry.detailsOffset, byteCount: entry.recordByteCount,
      sampleNumber: firstNumber + number)
  }

  /// Everything about a sample but its pixels. `Fault(.badData)` if the details are damaged.
  public func summary(at number: Int) throws -> SampleSummary {
    try located(number, clipID: nil) { try details(entries[number], $0) }
  }

  /// One sample with its pixels.
  public func read(at number: Int, using decoder: ShardDecoder) throws -> Sample {
    let summary = try load(at: number, using: decoder)
    return Sample(summary, image: Array(decoder.image), frames: Array(decoder.frames))
  }

  /// Reads, verifies and decompresses a sample; its pixels stay in the decoder until the next load, uncopied.
  public func load(at number: Int, using decoder: ShardDecoder) throws -> SampleSummary {
    let summary = try summary(at: number)
    try located(number, clipID: summary.clipID) {
      try decoder.load(entries[number], from: $0, resolution: configuration.resolution)
    }
    return summary
  }

  private func details(_ entry: SampleEntry, _ file: FileReader) throws -> SampleSummary {
    let bytes = try file.read(at: entry.detailsOffset, count: entry.detailsByteCount)
    guard XXH3.hash(bytes) == entry.detailsHash else {
      throw Fault(.badData, "The details are damaged: their hash does not match")
    }
    var reader = ByteReader(bytes, path: file.path, offset: entry.detailsOffset)
    let summary = try SampleSummary(&reader, configuration: configuration)
    guard summary.frameCount == entry.frameCount, summary.productKey == entry.productKey,
      XXH3.hash(summary.imageID) == entry.imageKey
    else { throw Fault(.badData, "Frame count, product or image of the details are not those of the index") }
    return summary
  }

  /// Runs `body` on the shard of a sample, and gives what it throws the place and the remedy.
  private func located<T>(_ number: Int, clipID: String?, _ body: (FileReader) throws -> T) throws -> T {
    precondition(entries.indices.contains(number), "sample \(number) of a set of \(count)")
    let shard = shardNumber(of: number)
    do {
      return try body(files.reader(shard, path: "\(folder)/\(index.shards[shard].name)"))
    } catch var fault as Fault where fault.code == .badData {
      fault.place = location(of: number).description + (clipID.map { ", clip '\($0)'" } ?? "")
      fault.remedy = ShardSet.remedy
      throw fault
    }
  }

  private func shardNumber(of number: Int) -> Int {
    var (low, high) = (0, firstSamples.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if firstSamples[middle] <= number { low = middle } else { high = middle }
    }
    return low
  }

  static let remedy = "Copy the file again from its source; sgmn-shard verify lists everything that is damaged"

  /// The directory of a shard, checked against the index of the set.
  static func directory(
    of shard: ShardSetIndex.Shard, in folder: String, _ configuration: ShardConfiguration
  ) throws -> ShardDirectory {
    let path = "\(folder)/\(shard.name)"
    do {
      let file = try FileReader(path)
      guard file.byteCount == shard.byteCount else {
        throw Fault(.badData, "The shard has \(file.byteCount) bytes, the index says \(shard.byteCount)", at: path)
      }
      let directory = try ShardDirectory(file, configuration: configuration)
      guard directory.header.number == shard.number else {
        throw Fault(
          .badData, "The file holds shard \(directory.header.number), not \(shard.number)", at: "\(path): byte 16")
      }
      guard directory.rootHash == shard.rootHash else {
        throw Fault(.badData, "The shard is not the one that the index names: it is of another build", at: path)
      }
      guard directory.entries.count == shard.sampleCount,
        directory.entries.reduce(0, { $0 + $1.frameCount }) == shard.frameCount
      else { throw Fault(.badData, "The shard has other counts of samples or frames than the index says", at: path) }
      return directory
    } catch var fault as Fault where fault.code == .badData || fault.code == .inputMissing {
      if fault.code == .inputMissing { fault.what = "A shard of the set is missing" }
      if fault.remedy == nil || fault.code == .inputMissing { fault.remedy = remedy }
      throw fault
    }
  }
}
