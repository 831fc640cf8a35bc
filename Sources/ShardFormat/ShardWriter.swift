import DurableFiles
import Faults

/// Writes a set of shards, sample after sample in order.
///
/// A shard appears under its name when it is complete, and the index last of all, so a build that was killed is never
/// mistaken for a set. The bytes depend on the samples, their order and the configuration alone: not on threads, time
/// or machine. The writer holds the folder's lock; it is used by one thread at a time.
public final class ShardWriter {
  public let folder: String
  public let configuration: ShardConfiguration
  /// Samples that an earlier, interrupted build had already written: they are kept, and `append` goes on after them.
  public let keptSampleCount: Int
  /// Samples in the set so far, with the kept ones.
  public private(set) var sampleCount: Int

  private let lock: FolderLock
  private let configurationHash: UInt64
  private var shards: [ShardSetIndex.Shard]
  private var current: ShardFileWriter?
  private var encoder: ShardEncoder?
  private var isFinished = false

  /// Begins a set in a folder, which is created if it is missing.
  ///
  /// - Parameter resuming: keeps the complete shards of an unfinished build with the same configuration, after reading
  ///   every byte of them; the caller goes on with sample `keptSampleCount`. Otherwise they are removed.
  ///
  /// Throws `Fault(.outputUnavailable)` if the folder already holds a set or another process writes in it,
  /// `(.configuration)` if the configuration is not valid.
  public init(folder: String, configuration: ShardConfiguration, resuming: Bool = false) throws {
    try configuration.validate()
    try DurableFile.createFolder(folder)
    let lock = try FolderLock(folder: folder)
    let names = try DurableFile.names(in: folder)
    guard !names.contains(ShardLimits.indexName) else {
      throw Fault(
        .outputUnavailable, "The folder already holds a set of shards", at: folder,
        remedy: "Choose another folder, or remove this one first")
    }
    try DurableFile.removeTemporaryFiles(in: folder)
    let kept = resuming ? ShardWriter.completeShards(in: folder, configuration) : []
    let keptNames = Set(kept.map(\.name))
    for name in names where name.hasPrefix("shard-") && name.hasSuffix(".sgmn") && !keptNames.contains(name) {
      try DurableFile.remove("\(folder)/\(name)")
    }
    self.lock = lock
    self.folder = folder
    self.configuration = configuration
    configurationHash = XXH3.hash(configuration.record)
    shards = kept
    keptSampleCount = kept.reduce(0) { $0 + $1.sampleCount }
    sampleCount = keptSampleCount
  }

  /// Encodes a sample for any writer of this configuration. Thread-safe; `ShardEncoder` saves the working memory.
  public static func encode(_ sample: Sample, configuration: ShardConfiguration) throws -> EncodedSample {
    try ShardEncoder(configuration: configuration).encode(sample)
  }

  /// Encodes and appends a sample.
  public func append(_ sample: Sample) throws {
    let encoder = try self.encoder ?? ShardEncoder(configuration: configuration)
    self.encoder = encoder
    try append(encoded: encoder.encode(sample))
  }

  /// Appends a sample that was encoded with the configuration of this writer.
  public func append(encoded sample: EncodedSample) throws {
    precondition(!isFinished, "append after finish")
    precondition(sample.configurationHash == configurationHash, "a sample encoded with another configuration")
    if let current, !current.fits(sample, configuration.targetShardByteCount) { try close(current) }
    let file = try current ?? open()
    current = file
    try file.append(sample)
    sampleCount += 1
  }

  /// Completes the last shard, writes the index and gives the folder's lock back.
  @discardableResult
  public func finish() throws -> ShardSetIndex {
    precondition(!isFinished, "finish twice")
    if let current { try close(current) }
    let index = ShardSetIndex(configuration: configuration, shards: shards)
    try DurableFile.write(index.bytes, to: "\(folder)/\(ShardLimits.indexName)")
    isFinished = true
    lock.release()
    return index
  }

  private func open() throws -> ShardFileWriter {
    guard shards.count < ShardLimits.maximumShardCount else {
      throw Fault(
        .configuration, "A set has at most \(ShardLimits.maximumShardCount) shards", at: folder,
        remedy: "Raise targetShardByteCount")
    }
    return try ShardFileWriter(folder: folder, number: shards.count, configuration: configuration)
  }

  private func close(_ file: ShardFileWriter) throws {
    shards.append(try file.finish())
    current = nil
  }

  /// The shards 0, 1, … that are there and entirely right.
  private static func completeShards(in folder: String, _ configuration: ShardConfiguration) -> [ShardSetIndex.Shard] {
    var shards: [ShardSetIndex.Shard] = []
    while shards.count < ShardLimits.maximumShardCount,
      let shard = try? ShardVerification.shard(number: shards.count, folder: folder, configuration: configuration)
    { shards.append(shard) }
    return shards
  }
}
