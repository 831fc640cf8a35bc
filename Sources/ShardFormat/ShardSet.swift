import DurableFiles
import Faults

/// A finished set of shards, open for reading any sample from any thread.
public final class ShardSet: Sendable {
  public let index: ShardSetIndex
  public let storage: any ShardStorage

  private let shards: OpenShards
  /// The number of the first sample of every shard.
  private let firstSamples: [Int]
  /// The number of the first picture of every shard.
  private let firstPictures: [Int]

  /// Opens the set in a folder. See `init(storage:)`.
  public convenience init(folder: String) throws { try self.init(storage: LocalFolder(folder)) }

  /// Opens a set: reads its index and nothing else. A shard is checked when its first sample is read; `checkFiles` finds
  /// missing and cut ones beforehand.
  ///
  /// `Fault(.inputMissing)` for a missing folder or index; `(.badData)` for an index that is not right.
  public init(storage: any ShardStorage) throws {
    let index = try ShardSetIndex(storage)
    self.index = index
    self.storage = storage
    shards = OpenShards(storage, index.configuration)
    var (samples, pictures) = (0, 0)
    var (firstSamples, firstPictures) = ([Int](), [Int]())
    for shard in index.shards {
      firstSamples.append(samples)
      firstPictures.append(pictures)
      samples += shard.sampleCount
      pictures += shard.pictureCount
    }
    self.firstSamples = firstSamples
    self.firstPictures = firstPictures
  }

  /// What messages call the place of the set.
  public var folder: String { storage.location }

  /// Equal for sets of equal samples in equal order; a checkpoint keeps it.
  public var fingerprint: UInt64 { index.fingerprint }

  public var configuration: ShardConfiguration { index.configuration }

  /// Samples of the set.
  public var count: Int { index.sampleCount }

  /// The number of frames of a sample, from the index; 0 for a picture alone.
  public func frameCount(at number: Int) -> Int { index.entries.sample(number).frameCount }

  /// Equal for samples of one product, from the index.
  public func productKey(at number: Int) -> UInt64 { index.entries.sample(number).productKey }

  /// Equal for samples of one clip, from the index; see `SampleSummary.clipKey`.
  public func clipKey(at number: Int) -> UInt64 { index.entries.clipKey(number) }

  /// Equal for samples with one image, from the index.
  public func imageKey(at number: Int) -> UInt64 { pictureEntry(of: number).imageKey }

  /// Equal for samples that share a stored picture.
  public func pictureNumber(at number: Int) -> Int {
    firstPictures[shardNumber(of: number)] + index.entries.sample(number).picture
  }

  /// The number of a sample, by the id of its clip; looks at every line of the index.
  public func number(ofClip clipID: String) -> Int? {
    let key = XXH3.hash("clip/\(clipID)")
    return (0..<count).first { index.entries.clipKey($0) == key }
  }

  /// The shard of a sample.
  public func shardNumber(of number: Int) -> Int {
    precondition(number >= 0 && number < count, "sample \(number) of a set of \(count)")
    var (low, high) = (0, firstSamples.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if firstSamples[middle] <= number { low = middle } else { high = middle }
    }
    return low
  }

  /// The samples of a shard.
  public func samples(ofShard shard: Int) -> Range<Int> {
    firstSamples[shard]..<firstSamples[shard] + index.shards[shard].sampleCount
  }

  /// Where a sample is stored.
  public func location(of number: Int) -> SampleLocation {
    let shard = shardNumber(of: number)
    let entry = index.entries.sample(number)
    return SampleLocation(
      path: storage.path(of: index.shards[shard].name), offset: entry.offset, byteCount: entry.recordByteCount,
      sampleNumber: number)
  }

  /// Bytes of a sample's record, and of its picture's, as stored.
  public func storedByteCount(of number: Int) -> (sample: Int, picture: Int) {
    (index.entries.sample(number).recordByteCount, pictureEntry(of: number).recordByteCount)
  }

  /// Checks that a rank's share of the shards is there, has the right size and, where the storage opens files cheaply, is
  /// what the index names: of `rankCount` ranks, `rank` takes every `rankCount`-th, and rank 0 looks for shards that the
  /// index does not name. `Fault(.inputMissing)` or `(.badData)` naming the first that is not right.
  public func checkFiles(rank: Int = 0, of rankCount: Int = 1) throws {
    if rank == 0, let names = try storage.names(), let first = ShardVerification.strangers(among: names, index).first {
      throw Fault(
        .badData, "The file is not in the index of the set", at: storage.path(of: first),
        remedy: "Remove it, or put back the index that it belongs to")
    }
    for number in stride(from: rank, to: index.shards.count, by: rankCount) {
      let shard = index.shards[number]
      do {
        let byteCount = try storage.byteCount(of: shard.name)
        guard byteCount == shard.byteCount else {
          throw Fault(
            .badData, "The shard has \(byteCount) bytes, the index says \(shard.byteCount)",
            at: "\(storage.path(of: shard.name)): byte \(min(byteCount, shard.byteCount))")
        }
        if storage.opensCheaply { try OpenShards.check(storage.open(shard.name), shard, configuration) }
      } catch var fault as Fault where fault.code == .badData || fault.code == .inputMissing {
        if fault.code == .inputMissing { fault.what = "A shard of the set is missing" }
        fault.remedy = ShardSet.remedy
        throw fault
      }
    }
  }

  /// Everything about a sample but its pixels. `Fault(.badData)` if the details are damaged.
  public func summary(at number: Int) throws -> SampleSummary {
    let reader = RecordReader()
    return try located(number, clipID: nil) { entry, shard, file in
      let bytes = try reader.details(entry, shard: shard, number: number - firstSamples[shard], in: file)
      return try summary(bytes, entry, file)
    }
  }

  /// One sample with its pixels as RGB.
  ///
  /// - Parameter tokens: whether token features are read too, where the set has them.
  public func read(at number: Int, using decoder: ShardDecoder, tokens: Bool = true) throws -> Sample {
    let summary = try load(at: number, using: decoder)
    let readsTokens = tokens && configuration.tokens != nil
    let tokens = readsTokens ? try self.tokens(of: summary, at: number, using: decoder) : SampleTokens()
    let (encoding, resolution) = (configuration.pixelEncoding, configuration.resolution)
    return Sample(
      summary, image: encoding.rgb(from: decoder.image, resolution: resolution),
      frames: encoding.rgb(from: decoder.frames, resolution: resolution), tokens: tokens)
  }

  /// Reads, verifies and decompresses a sample; its pixels stay in the decoder until the next load, in the set's encoding.
  public func load(at number: Int, using decoder: ShardDecoder) throws -> SampleSummary {
    try load(at: number, using: decoder) { pixels, picture, summary in
      try decoder.decode(pixels: pixels, frameCount: summary.frameCount, picture: picture, configuration)
    }
  }

  /// Where the pictures of a sample go, each into memory of one picture.
  public struct PictureMemory {
    public var image: UnsafeMutableRawBufferPointer
    /// Frames by their number in the clip; those that are not named are not unpacked.
    public var frames: [(number: Int, memory: UnsafeMutableRawBufferPointer)]

    public init(
      image: UnsafeMutableRawBufferPointer, frames: [(number: Int, memory: UnsafeMutableRawBufferPointer)]
    ) {
      (self.image, self.frames) = (image, frames)
    }
  }

  /// Reads, verifies and decompresses a sample straight to where its pictures are wanted, in the set's encoding; nothing
  /// stays in the decoder. Where it throws, that memory may be half filled.
  ///
  /// - Parameter memory: asked once, when everything but the pixels is known.
  public func load(
    at number: Int, using decoder: ShardDecoder, into memory: (SampleSummary) -> PictureMemory
  ) throws -> SampleSummary {
    try load(at: number, using: decoder) { pixels, picture, summary in
      try decoder.decode(
        pixels: pixels, frameCount: summary.frameCount, picture: picture, configuration, into: memory(summary))
    }
  }

  /// Reads a sample and verifies it; `decode` takes its stored pixels and those of its picture apart.
  private func load(
    at number: Int, using decoder: ShardDecoder,
    decode: (UnsafeRawBufferPointer, _ picture: UnsafeRawBufferPointer, SampleSummary) throws -> Void
  ) throws -> SampleSummary {
    // The clip is named where its pixels are damaged and its details are not.
    try located(number, clipID: (try? summary(at: number))?.clipID) { entry, shard, file in
      let (record, picture) = try decoder.records.both(
        entry, number: number - firstSamples[shard], pictureEntry(of: number), shard: shard, in: file)
      let summary = try summary(Array(record.details), entry, file)
      try decode(record.pixels, picture, summary)
      return summary
    }
  }

  /// Reads a sample and runs zstd over it, nothing else: the floor that `load` is measured against.
  public func decompressOnly(at number: Int, using decoder: ShardDecoder) throws -> () -> Void {
    let shard = shardNumber(of: number)
    let file = try shards.bytes(of: index.shards[shard])
    let entry = index.entries.sample(number)
    let (record, picture) = try decoder.records.both(
      entry, number: number - firstSamples[shard], pictureEntry(of: number), shard: shard, in: file)
    return { [configuration] in
      // What was read a moment ago was whole.
      try? decoder.decompressOnly(
        pixels: record.pixels, frameCount: entry.frameCount, picture: picture, configuration)
    }
  }

  /// What the storage may do ahead of reading samples `numbers`, which lie side by side in one shard.
  public func extent(of numbers: Range<Int>) -> (shard: Int, offset: Int, byteCount: Int)? {
    guard let first = numbers.first, let last = numbers.last else { return nil }
    let shard = shardNumber(of: first)
    precondition(shard == shardNumber(of: last), "samples of two shards")
    let (from, to) = (index.entries.sample(first), index.entries.sample(last))
    return (shard, from.offset, to.offset + to.recordByteCount - from.offset)
  }

  /// The file of a shard.
  func bytes(ofShard shard: Int) throws -> any ShardBytes { try shards.bytes(of: index.shards[shard]) }

  /// The file of a shard, and where token features are in it; nil in a set that has none.
  func tokenDirectory(ofShard shard: Int) throws -> (any ShardBytes, TokenDirectory?) {
    try shards.tokens(of: index.shards[shard])
  }

  /// A shard of the set on its own, to copy its samples; checked to be the one that the index names.
  public func shardFile(_ shard: Int) throws -> ShardFile {
    try ShardFile(bytes(ofShard: shard), number: shard, configuration: configuration)
  }

  private func summary(_ details: [UInt8], _ entry: SampleEntry, _ file: any ShardBytes) throws -> SampleSummary {
    var reader = ByteReader(details, path: file.path, offset: entry.offset + ShardLimits.sampleHeadByteCount)
    let summary = try SampleSummary(&reader, configuration: configuration)
    guard summary.frameCount == entry.frameCount, summary.productKey == entry.productKey,
      summary.clipKey == entry.clipKey
    else { throw Fault(.badData, "Frame count, product or clip of the details are not those of the index") }
    return summary
  }

  private func pictureEntry(of number: Int) -> PictureEntry { index.entries.picture(pictureNumber(at: number)) }

  /// Runs `body` on the shard of a sample, and gives what it throws the place and the remedy.
  func located<T>(
    _ number: Int, clipID: @autoclosure () -> String?, _ body: (SampleEntry, Int, any ShardBytes) throws -> T
  ) throws -> T {
    let shard = shardNumber(of: number)
    let file = try shards.bytes(of: index.shards[shard])
    do { return try body(index.entries.sample(number), shard, file) } catch var fault as Fault
      where fault.code == .badData
    {
      fault.place = location(of: number).description + (clipID().map { ", clip '\($0)'" } ?? "")
      fault.remedy = ShardSet.remedy
      throw fault
    }
  }

  static let remedy = "Copy the file again from its source; sgmn-shard verify lists everything that is damaged"
}
