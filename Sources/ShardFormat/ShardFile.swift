import DurableFiles
import Faults

/// One finished shard, on its own: for builders that keep, mend or check it.
public final class ShardFile {
  public let number: Int
  public let configuration: ShardConfiguration
  /// What the builder said the shard is made of.
  public var sourceHash: UInt64 { directory.header.sourceHash }
  public var sampleCount: Int { directory.entries.sampleCount }
  /// The entries of the source that the shard goes without.
  public let leftOut: [LeftOutSample]
  /// The line of the set's index.
  public let line: ShardSetIndex.Shard

  let directory: ShardDirectory
  private let file: any ShardBytes
  private let reader = RecordReader()

  /// Opens a shard and checks its structure. `Fault(.inputMissing)` if it is not there, `(.badData)` if it is not a
  /// whole shard of this number and configuration.
  public convenience init(folder: String, number: Int, configuration: ShardConfiguration) throws {
    try self.init(
      FileReader("\(folder)/\(ShardLimits.shardName(number))"), number: number, configuration: configuration)
  }

  init(_ file: any ShardBytes, number: Int, configuration: ShardConfiguration) throws {
    self.file = file
    directory = try ShardDirectory(file, configuration: configuration)
    guard directory.header.number == number else {
      throw Fault(
        .badData, "The file holds shard \(directory.header.number), not \(number)", at: "\(file.path): byte 16")
    }
    leftOut = try directory.leftOut(file)
    line = ShardSetIndex.Shard(number: number, directory: directory)
    self.number = number
    self.configuration = configuration
  }

  /// The number of the source entry of every sample, within the shard's part of the source; ascending.
  public var places: [Int] { (0..<sampleCount).map { directory.entries.sample($0).place } }

  /// Equal for samples of one clip.
  public func clipKey(at number: Int) -> UInt64 { directory.entries.clipKey(number) }

  /// A sample as it is stored, verified but not decompressed: to copy it into another shard.
  public func encodedSample(at number: Int) throws -> EncodedSample { try storedSample(at: number).encoded }

  /// The same, and what its details say.
  public func storedSample(at number: Int) throws -> (summary: SampleSummary, encoded: EncodedSample) {
    let entry = directory.entries.sample(number)
    let picture = directory.entries.picture(entry.picture)
    return try located(number, entry) {
      let record = try reader.sample(entry, shard: self.number, number: number, in: file)
      let details = Array(record.details)
      let pixels = Array(record.pixels)
      var bytes = ByteReader(details, path: file.path, offset: entry.offset + ShardLimits.sampleHeadByteCount)
      let summary = try SampleSummary(&bytes, configuration: configuration)
      let image = try reader.picture(picture, shard: self.number, number: entry.picture, in: file)
      let features = try directory.tokens.map {
        try reader.tokens($0, number: number, summary, in: file)
      }
      let encoded = EncodedSample(
        details: details, pixels: pixels, frameCount: entry.frameCount, picture: EncodedPicture(pixels: Array(image)),
        summary: summary, tokens: try EncodedSampleTokens(features ?? SampleTokens(), summary, configuration),
        configurationHash: XXH3.hash(configuration.record))
      return (summary, encoded)
    }
  }

  /// What the details of a sample say; reads neither pixels nor token features.
  public func summary(at number: Int) throws -> SampleSummary {
    let entry = directory.entries.sample(number)
    return try located(number, entry) {
      let details = try reader.details(entry, shard: self.number, number: number, in: file)
      var bytes = ByteReader(details, path: file.path, offset: entry.offset + ShardLimits.sampleHeadByteCount)
      return try SampleSummary(&bytes, configuration: configuration)
    }
  }

  /// Reads every byte and decompresses every sample. Throws the first damage.
  public func verify() throws {
    let problems = ShardVerification.problems(of: directory, in: file, configuration: configuration, firstNumber: 0)
    if let first = problems.first { throw first }
  }

  private func located<T>(_ number: Int, _ entry: SampleEntry, _ body: () throws -> T) throws -> T {
    do { return try body() } catch var fault as Fault where fault.code == .badData {
      fault.place = "\(file.path): byte \(entry.offset), sample \(number) of the shard"
      throw fault
    }
  }
}
