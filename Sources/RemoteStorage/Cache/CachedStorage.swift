import DurableFiles
import Faults
import ShardFormat
import Synchronization
import Threads

/// A remote folder whose shards are read from whole copies in a local cache.
///
/// After the index is read, `expect` says what the shards must be; from then on a shard is checked against it before it
/// appears in the cache, and one that is there is used without asking the server. The index itself is not cached.
public final class CachedStorage: ShardStorage, NetworkMeasuring {
  public let settings: CacheSettings
  private let remote: RemoteFolder
  private let filler: CacheFiller
  private let queue = PrefetchQueue()
  private let stop = StopFlag()
  private let threads = Mutex(Threads())

  /// Handed over under the lock; joined when the storage goes.
  private struct Threads: @unchecked Sendable {
    var list: [WorkerThread] = []
  }

  /// Opens the cache, and makes its folder if need be.
  public init(_ remote: RemoteFolder, settings: CacheSettings) throws {
    self.settings = settings
    self.remote = remote
    let folder = try CacheFolder(path: settings.folder, byteLimit: settings.byteLimit)
    filler = CacheFiller(folder, remote.objects)
  }

  deinit {
    stop.raise()
    queue.close()
    for thread in threads.withLock({ $0.list }) { thread.join() }
  }

  public var location: String { remote.location }

  public var networkUsage: NetworkUsage { remote.networkUsage }

  public var cacheUsage: CacheUsage { filler.cacheUsage }

  /// How many of the largest expected shards the cache holds: more need not be named to `prefetch` at a time, less those
  /// that are being read. 0 before `expect`.
  public var shardCapacity: Int {
    let largest = filler.expected.largestByteCount
    return largest > 0 ? settings.byteLimit / largest : 0
  }

  /// Says what the shards of a set must be. To be called when the index was read, before a shard is opened.
  public func expect(_ index: ShardSetIndex) throws {
    let shards = index.shards.map { ($0.name, ExpectedObject($0, configuration: index.configuration)) }
    try expect(Dictionary(shards) { $1 })
  }

  /// Says what these objects must be, by name. `Fault(.configuration)` with the least limit that would do, if the cache
  /// cannot hold the largest as many times as shards are needed at once.
  public func expect(_ objects: [String: ExpectedObject]) throws {
    if let largest = objects.max(by: { $0.value.byteCount < $1.value.byteCount }) {
      try checkLimit(largest.key, largest.value.byteCount, neededCount: settings.neededShardCount)
    }
    filler.expected.merge(objects)
  }

  /// Names the shards that will be read next, the nearest first; they are fetched by own threads. Takes the place of
  /// earlier names that nobody has begun to fetch. What goes wrong with one is thrown when it is opened.
  public func prefetch(_ names: [String]) {
    let wanted = names.map { FileName.checked($0) }
    if !wanted.isEmpty { startThreads() }
    queue.replace(with: wanted)
  }

  /// A whole file, from the server.
  public func contents(of name: String, limit: Int) throws -> [UInt8] { try remote.contents(of: name, limit: limit) }

  public func byteCount(of name: String) throws -> Int {
    if filler.expected[name] != nil {
      let entry = try filler.entry(of: name)
      if filler.folder.holds(entry) { return entry.byteCount }
    }
    return try remote.byteCount(of: name)
  }

  /// Opens a shard of the cache, which it is fetched to first where it is not there.
  public func open(_ name: String) throws -> any ShardBytes {
    let entry = try filler.entry(of: FileName.checked(name))
    try checkLimit(name, entry.byteCount, neededCount: 1)
    try filler.fill(entry, isReader: true)
    return CachedShard(filler, entry)
  }

  private func checkLimit(_ name: String, _ byteCount: Int, neededCount: Int) throws {
    let (least, overflow) = byteCount.multipliedReportingOverflow(by: neededCount)
    guard overflow || least > settings.byteLimit else { return }
    throw Fault(
      .configuration,
      "The cache may take \(settings.byteLimit) bytes, too few for \(neededCount) shards of up to \(byteCount) bytes",
      at: settings.folder, remedy: "Allow at least \(overflow ? "more" : "\(least)") bytes (the largest is \(name))")
  }

  private func startThreads() {
    threads.withLock { threads in
      guard threads.list.isEmpty else { return }
      // The threads hold the parts and not this object, so that it can go while they work.
      for _ in 0..<settings.downloadThreadCount {
        let body: @Sendable () -> Void = { [queue, filler, stop] in
          while let name = queue.take() {
            // A failure is not lost: opening the shard meets it again, and reports it.
            if let entry = try? filler.entry(of: name), entry.byteCount <= filler.folder.byteLimit {
              try? filler.fill(entry, isReader: false, stop: stop)
            }
            queue.done(name)
          }
        }
        if let thread = WorkerThread(body) { threads.list.append(thread) }
      }
    }
  }
}
