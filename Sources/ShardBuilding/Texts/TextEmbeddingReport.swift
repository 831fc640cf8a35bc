/// What an embedding has made.
public struct TextEmbeddingReport: Codable, Sendable, Equatable {
  public var sampleCount = 0
  /// Texts that this run has encoded: equal ones of a shard once, those of kept shards not at all.
  public var encodedCount = 0
  /// Bytes of the shards.
  public var byteCount = 0
  public var shardCount = 0
  /// Shards that were whole before, and stayed as they are.
  public var keptShardCount = 0
}
