/// What a cache has done so far, for this process.
public struct CacheUsage: Sendable, Equatable {
  /// Openings that found the shard in the folder.
  public var hitCount = 0
  /// Shards that this process fetched, or finished fetching.
  public var downloadCount = 0
  /// Shards that this process removed to make room.
  public var evictionCount = 0
  /// Seconds that readers waited for shards that were not there yet, all threads together.
  public var waitSeconds = 0.0

  public init() {}
}
