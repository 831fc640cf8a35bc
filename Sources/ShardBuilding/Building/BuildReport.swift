import ShardFormat

/// What is in a set that was built, and what is not.
public struct BuildReport: Codable, Sendable, Equatable {
  public var clipCount = 0
  /// Gallery pictures, stored without a clip.
  public var pictureCount = 0
  public var frameCount = 0
  /// Product pictures as they are stored: once for all clips of a shard.
  public var storedPictureCount = 0
  /// Bytes of the shards.
  public var byteCount = 0
  public var shardCount = 0
  /// Shards that were whole before, and stayed as they are.
  public var keptShardCount = 0
  /// Left out, by cause.
  public var rejectedCounts: [String: Int] = [:]

  init(shardCount: Int) { self.shardCount = shardCount }

  public var sampleCount: Int { clipCount + pictureCount }
  public var rejectedCount: Int { rejectedCounts.values.reduce(0, +) }
}
