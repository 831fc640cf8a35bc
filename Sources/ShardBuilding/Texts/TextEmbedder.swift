import Collectives
import DurableFiles
import Faults
import Foundation
import ShardFormat
import Telemetry
import TextEncoding

/// Writes a set anew with what a text encoder says of its titles and spoken texts: pooled embeddings, and features of
/// every token where they are wanted.
///
/// Pictures are copied as they are stored. A shard is made of the old one alone, so its bytes depend on it, the encoder
/// and nothing else; shards appear under their names when they are whole, and the index last. An empty or blank text has
/// neither embedding nor features.
public struct TextEmbedder {
  /// Of the set that is made.
  public let configuration: ShardConfiguration
  private let set: ShardSet
  private let encoder: any TextFeatureEncoder

  /// - Parameter tokens: whether the new set has token features.
  ///
  /// Throws `Fault(.usage)` where the encoder has none to give, `(.configuration)` where the format cannot hold them.
  public init(_ set: ShardSet, encoder: any TextFeatureEncoder, tokens: Bool) throws {
    var configuration = set.configuration
    configuration.textEncoder = encoder.name
    configuration.textWidth = encoder.width
    configuration.tokens = nil
    if tokens {
      guard encoder.tokenWidth > 0 else {
        throw Fault(
          .usage, "The encoder \(encoder.name) has no token features", remedy: "Give another encoder, or not --tokens")
      }
      configuration.tokens = TokenShape(width: encoder.tokenWidth, maximumCount: encoder.tokenLimit)
    }
    try configuration.validate()
    self.configuration = configuration
    self.set = set
    self.encoder = encoder
  }

  /// Makes the set `folder`, with all ranks: rank r of n makes shards r, r + n, …. Goes on with what an earlier run has
  /// left.
  ///
  /// - Parameter options: `restarts` and `checksSpace` alone; the encoder has its own threads.
  ///
  /// Throws, on every rank alike, an `AgreedFault`: what `ShardBuilder.build` throws about the folder and the disk,
  /// `.ranksDiverged` where ranks have other sets or encoders, `.badData` for a damaged sample, and what the encoder
  /// throws.
  @discardableResult
  public func embed(
    to folder: String, on communicator: any Communicator = SoloCommunicator(),
    options: BuildOptions = BuildOptions(), watch: BuildWatch = BuildWatch()
  ) throws -> TextEmbeddingReport {
    try checkAgreement(communicator)
    let target = BuildFolder(path: folder)
    let lock = try communicator.together { () -> FolderLock? in
      try communicator.isLeader ? prepare(target, options) : nil
    }
    defer { lock?.release() }

    let shardCount = set.index.shards.count
    let own = stride(from: communicator.rank, to: shardCount, by: communicator.rankCount)
    let run = TextEmbeddingRun(set, as: configuration, in: target, shards: Array(own))
    let sampleCount = try communicator.allReduceSum(run.sampleCount)
    if options.checksSpace { try checkSpace(for: run, in: folder, communicator) }
    try watch.willBegin()
    try make(run, sampleCount: sampleCount, in: folder, communicator, watch)
    let madeCount = try communicator.allReduceSum(run.counts.shardCount)
    let encodedCount = try communicator.allReduceSum(run.textCount)
    let report = try communicator.together { () -> TextEmbeddingReport? in
      guard communicator.isLeader else { return nil }
      var report = try finish(target)
      (report.encodedCount, report.keptShardCount) = (encodedCount, shardCount - madeCount)
      return report
    }
    let bytes = try communicator.broadcast(report.map { Array(try JSONEncoder().encode($0)) }, from: 0)
    return try JSONDecoder().decode(TextEmbeddingReport.self, from: Data(bytes))
  }

  /// Throws on every rank unless all make the same set of the same one.
  private func checkAgreement(_ communicator: any Communicator) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let own = try Array(encoder.encode(configuration)) + Array("\(set.fingerprint)".utf8)
    let all = try communicator.allGather(own)
    guard let other = all.firstIndex(where: { $0 != all[0] }) else { return }
    throw AgreedFault(
      fault: Fault(
        .ranksDiverged, "Rank \(other) has other shards or another encoder than rank 0", at: set.folder,
        remedy: "Give every machine the same copies"), rank: other)
  }

  /// Takes the folder.
  private func prepare(_ target: BuildFolder, _ options: BuildOptions) throws -> FolderLock {
    guard set.count > 0 else { throw Fault(.badData, "No samples", at: set.folder) }
    guard !target.isFinished else {
      throw Fault(
        .outputUnavailable, "The folder already holds a set of shards", at: target.path,
        remedy: "Choose another folder, or remove this one first")
    }
    let digits = String(set.fingerprint, radix: 16)
    let plan = BuildPlan(
      configuration: configuration, source: "the set with fingerprint \(digits)",
      entryCount: set.count + set.index.leftOutCount)
    return try target.prepare(plan, options: options)
  }

  /// Throws on every rank where the disk is too small even without token features, whose size nobody knows before.
  private func checkSpace(for run: TextEmbeddingRun, in folder: String, _ communicator: any Communicator) throws {
    let embeddings = 2 * configuration.textWidth * MemoryLayout<Float16>.size
    let own = try communicator.together { try run.copiedByteCount() + run.sampleCount * embeddings }
    let needed = try communicator.allReduceSum(own)
    try communicator.together {
      guard communicator.isLeader, needed > 0 else { return }
      let free = try DurableFile.freeByteCount(at: folder)
      guard needed > free else { return }
      throw Fault(
        .inputOutput,
        "The shards need \(Format.byteCount(needed)) or more, and \(Format.byteCount(free)) are free", at: folder,
        remedy: "Free space, choose another folder, or do without this check (--no-estimate)")
    }
  }

  /// Runs this rank's part beside those of the others.
  private func make(
    _ run: TextEmbeddingRun, sampleCount: Int, in folder: String, _ communicator: any Communicator,
    _ watch: BuildWatch
  ) throws {
    let shardCount = set.index.shards.count
    let keptCount = set.count - sampleCount
    let start = ContinuousClock.now
    let rounds = RankRounds(
      communicator: communicator, cancellation: run.cancellation, counts: { run.counts },
      isStopRequested: watch.isStopRequested,
      show: { counts in
        watch.progress(
          BuildProgress(
            doneCount: counts.doneCount, entryCount: sampleCount, keptCount: keptCount,
            byteCount: counts.byteCount, seconds: (ContinuousClock.now - start) / .seconds(1)))
      })
    let encoder = HandedOver(encoder: encoder)
    switch try rounds.run({ try run.embed(with: encoder.encoder) }) {
    case .done: break
    case .stopped:
      let done = try communicator.allReduceSum(run.counts.shardCount + run.keptShardCount)
      throw AgreedFault(
        fault: Fault(
          .stoppedWithCheckpoint, "Stopped with \(done) of \(shardCount) shards done", at: folder,
          remedy: "Run the same command again to go on"), rank: 0)
    }
  }

  /// Makes a set of the finished shards, and counts what is in it.
  private func finish(_ folder: BuildFolder) throws -> TextEmbeddingReport {
    var rejected = RejectedSamples()
    let shardCount = set.index.shards.count
    for shard in 0..<shardCount {
      let file = try ShardFile(folder: folder.path, number: shard, configuration: configuration)
      rejected.append(file.leftOut, firstEntry: shard * configuration.samplesPerShard)
    }
    try rejected.write(in: folder.path)
    let index = try ShardSetIndex.assemble(
      folder: folder.path, configuration: configuration, shardCount: shardCount)
    var report = TextEmbeddingReport()
    (report.sampleCount, report.shardCount, report.byteCount) = (index.sampleCount, shardCount, index.byteCount)
    return report
  }

  /// An encoder on its way to the thread that uses it, while the one that made it waits.
  private struct HandedOver: @unchecked Sendable {
    let encoder: any TextFeatureEncoder
  }
}
