import DurableFiles
import Faults

/// Writes a set of shards, sample after sample in order, by one thread.
///
/// A shard appears under its name when it is complete, and the index last of all, so a writer that was killed never
/// leaves something that is mistaken for a set. The bytes depend on the samples, their order and the configuration
/// alone. The writer holds the folder's lock. Builders that work on several shards at once use `ShardFileWriter`.
public final class ShardWriter {
  public let folder: String
  public let configuration: ShardConfiguration
  /// Samples in the set so far.
  public private(set) var sampleCount = 0

  private let lock: FolderLock
  private let encoder: ShardEncoder
  private var shardCount = 0
  private var current: ShardFileWriter?
  private var isFinished = false

  /// Begins a set in a folder, which is created if it is missing. Shards of an unfinished build are removed.
  ///
  /// Throws `Fault(.outputUnavailable)` if the folder already holds a set or another process writes in it,
  /// `(.configuration)` if the configuration is not valid.
  public init(folder: String, configuration: ShardConfiguration) throws {
    encoder = try ShardEncoder(configuration: configuration)
    try DurableFile.createFolder(folder)
    lock = try FolderLock(folder: folder)
    let names = try DurableFile.names(in: folder)
    guard !names.contains(ShardLimits.indexName) else {
      throw Fault(
        .outputUnavailable, "The folder already holds a set of shards", at: folder,
        remedy: "Choose another folder, or remove this one first")
    }
    try DurableFile.removeTemporaryFiles(in: folder)
    for name in names where name.hasPrefix("shard-") && name.hasSuffix(".sgmn") {
      try DurableFile.remove("\(folder)/\(name)")
    }
    self.folder = folder
    self.configuration = configuration
  }

  /// Encodes a sample for any writer of this configuration. Thread-safe; `ShardEncoder` saves the working memory.
  public static func encode(_ sample: Sample, configuration: ShardConfiguration) throws -> EncodedSample {
    try ShardEncoder(configuration: configuration).encode(sample)
  }

  /// Encodes and appends a sample.
  public func append(_ sample: Sample) throws { try append(encoded: encoder.encode(sample)) }

  /// Appends a sample that was encoded with the configuration of this writer.
  public func append(encoded sample: EncodedSample) throws {
    precondition(!isFinished, "append after finish")
    if let current, current.count == configuration.samplesPerShard { try close(current) }
    let file =
      try current
      ?? ShardFileWriter(folder: folder, number: shardCount, configuration: configuration, sourceHash: 0)
    current = file
    try file.append(sample, place: file.count)
    sampleCount += 1
  }

  /// Completes the last shard, writes the index and gives the folder's lock back.
  @discardableResult
  public func finish() throws -> ShardSetIndex {
    precondition(!isFinished, "finish twice")
    if let current { try close(current) }
    let index = try ShardSetIndex.assemble(folder: folder, configuration: configuration, shardCount: shardCount)
    isFinished = true
    lock.release()
    return index
  }

  private func close(_ file: ShardFileWriter) throws {
    try file.finish()
    shardCount += 1
    current = nil
  }
}
