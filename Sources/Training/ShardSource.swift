import DataLoading
import Faults
import RemoteStorage
import ShardFormat

/// Opens sets of shards wherever they are: a folder, `https://HOST/PATH` or `s3://BUCKET/PREFIX`.
public enum ShardSource {
  /// Opens a set by its index.
  ///
  /// - Parameters:
  ///   - cache: keeps whole shards of a remote set on this machine; nil, or an empty folder, reads parts of shards over the
  ///     network when they are needed.
  ///   - notice: told of every request, and of every read of a local file, that is tried again.
  ///
  /// Throws what the storage throws, and `Fault(.configuration)` if the cache cannot hold the set's largest shards.
  public static func open(
    _ location: String, cache: RunConfiguration.CacheConfiguration? = nil,
    notice: (@Sendable (String) -> Void)? = nil
  ) throws -> ShardSet {
    var settings = RemoteSettings()
    settings.notice = notice
    let storage = try ShardLocation.storage(for: location, cache: cache.flatMap(cacheSettings), settings: settings)
    let set = try ShardSet(storage: storage)
    try (storage as? CachedStorage)?.expect(set.index)
    return set
  }

  /// Throws `Fault(.configuration)` where a set is read through a cache that cannot hold the shards that a window of the
  /// order needs: it would fetch them over and over.
  static func checkCache(_ set: ShardSet, fits schedule: BatchSchedule) throws {
    guard let capacity = set.storage.wholeFileCapacity else { return }
    let needed = schedule.shardsAtOnce(in: set)
    guard needed > capacity else { return }
    let largest = set.index.shards.reduce(0) { max($0, $1.byteCount) }
    throw Fault(
      .configuration,
      "The cache holds \(capacity) shards, and the order of the samples takes a window from up to \(needed): it would "
        + "fetch them again and again", at: set.folder,
      remedy: "Set data.cache.bytes to \(needed * largest) or more, or data.shuffle_block to "
        + "\(set.configuration.samplesPerShard), the samples of a shard; or read without a cache")
  }

  private static func cacheSettings(_ cache: RunConfiguration.CacheConfiguration) -> CacheSettings? {
    cache.folder.isEmpty ? nil : CacheSettings(folder: cache.folder, byteLimit: cache.bytes)
  }
}
