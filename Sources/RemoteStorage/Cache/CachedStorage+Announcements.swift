import ShardFormat

/// A cache takes whole shards, and is told beforehand which.
extension CachedStorage {
  public var wholeFileCapacity: Int? { shardCapacity }

  public func willOpen(_ names: [String]) { prefetch(names) }
}
