/// A folder of this machine that keeps whole shards of remote sets, for all processes of the machine.
public struct CacheSettings: Sendable, Equatable {
  /// It is made if need be. Other files in it are left alone and not counted.
  public var folder: String
  /// What the shards in the folder may take together, those that are still coming among them.
  public var byteLimit: Int
  /// Shards that all processes of this machine read from at a time: the limit must hold so many of the largest.
  public var neededShardCount: Int
  /// Threads of this process that fetch what `prefetch` names.
  public var downloadThreadCount: Int

  public init(folder: String, byteLimit: Int, neededShardCount: Int = 2, downloadThreadCount: Int = 2) {
    precondition(neededShardCount > 0 && downloadThreadCount > 0, "a cache of nothing")
    self.folder = folder
    self.byteLimit = byteLimit
    self.neededShardCount = neededShardCount
    self.downloadThreadCount = downloadThreadCount
  }
}
