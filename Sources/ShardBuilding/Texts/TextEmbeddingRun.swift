import Faults
import ShardFormat
import Synchronization
import TextEncoding
import WorkerProcesses

/// One rank's part of an embedding: its shards one after another, every picture copied as it is stored.
final class TextEmbeddingRun: Sendable {
  let cancellation = Cancellation()
  /// Samples of this rank's shards that are to be made.
  let sampleCount: Int
  let keptShardCount: Int

  private let set: ShardSet
  private let configuration: ShardConfiguration
  private let folder: BuildFolder
  private let shards: [Int]
  private let counted = Mutex(Counts())

  private struct Counts {
    var build = BuildCounts()
    var textCount = 0
  }

  /// Samples that are read, encoded and written together.
  private static let windowSize = 32

  /// - Parameter shards: this rank's; those that are whole already are kept.
  init(_ set: ShardSet, as configuration: ShardConfiguration, in folder: BuildFolder, shards: [Int]) {
    (self.set, self.configuration, self.folder) = (set, configuration, folder)
    self.shards = shards.filter { !TextEmbeddingRun.isMade($0, of: set, configuration, folder) }
    keptShardCount = shards.count - self.shards.count
    sampleCount = self.shards.reduce(0) { $0 + set.index.shards[$1].sampleCount }
  }

  /// Bytes of the shards that are to be made, in the old set, without its token features: those are not copied.
  /// `Fault(.badData)` where a shard does not say where they are.
  func copiedByteCount() throws -> Int {
    try shards.reduce(0) { try $0 + set.index.shards[$1].byteCount - set.tokenByteCount(ofShard: $1) }
  }

  var counts: BuildCounts { counted.withLock { $0.build } }

  /// Texts that were encoded.
  var textCount: Int { counted.withLock { $0.textCount } }

  /// Whether the folder has the shard, made of the same old one.
  private static func isMade(
    _ shard: Int, of set: ShardSet, _ configuration: ShardConfiguration, _ folder: BuildFolder
  ) -> Bool {
    let file = try? ShardFile(folder: folder.path, number: shard, configuration: configuration)
    return file?.sourceHash == set.index.shards[shard].rootHash
  }

  /// Makes all shards; ends soon with `WorkerFailure.cancelled` after `cancellation` was raised.
  func embed(with encoder: any TextFeatureEncoder) throws {
    for shard in shards {
      try embed(shard, with: encoder)
      counted.withLock { $0.build.shardCount += 1 }
    }
  }

  private func embed(_ number: Int, with encoder: any TextFeatureEncoder) throws {
    let old = try set.shardFile(number)
    let writer = try ShardFileWriter(
      folder: folder.path, number: number, configuration: configuration,
      sourceHash: set.index.shards[number].rootHash)
    var texts = ShardTexts(
      try (0..<old.sampleCount).flatMap { sample in
        let summary = try old.summary(at: sample)
        return [summary.title, summary.asr]
      }, encoder: encoder, tokens: configuration.tokens != nil)
    let places = old.places
    var notes = old.leftOut[...]
    for start in stride(from: 0, to: old.sampleCount, by: TextEmbeddingRun.windowSize) {
      try goOn()
      let window = start..<min(start + TextEmbeddingRun.windowSize, old.sampleCount)
      let samples = try window.map { try old.storedSample(at: $0) }
      let encodedBefore = texts.encodedCount
      try texts.prepare(samples.flatMap { [$0.summary.title, $0.summary.asr] }, willEncode: goOn)
      for (sample, stored) in zip(window, samples) {
        while let note = notes.first, note.place < places[sample] { writer.leaveOut(notes.removeFirst()) }
        try writer.append(described(stored, &texts), place: places[sample])
      }
      counted.withLock {
        $0.build.doneCount += window.count
        $0.build.byteCount += samples.reduce(0) { $0 + $1.encoded.byteCount }
        $0.textCount += texts.encodedCount - encodedBefore
      }
    }
    for note in notes { writer.leaveOut(note) }
    try folder.removeIndex()
    try writer.finish()
  }

  private func goOn() throws {
    if cancellation.isRaised { throw WorkerFailure.cancelled }
  }

  /// A sample with what the encoder says of its texts.
  private func described(
    _ stored: (summary: SampleSummary, encoded: EncodedSample), _ texts: inout ShardTexts
  ) throws -> EncodedSample {
    let (title, asr) = (texts.take(stored.summary.title), texts.take(stored.summary.asr))
    var summary = stored.summary
    (summary.titleEmbedding, summary.asrEmbedding) = (title.pooled, asr.pooled)
    return try stored.encoded.describing(
      summary, tokens: SampleTokens(title: title.tokens, asr: asr.tokens), configuration: configuration)
  }
}
