/// The token directories that were asked for last, as many as fit into a number of bytes.
struct RecentDirectories: Sendable {
  private struct Entry {
    var directory: TokenDirectory
    var lastUse: Int
  }

  private var entries: [Int: Entry] = [:]
  private var uses = 0
  private let byteLimit: Int
  private(set) var byteCount = 0

  init(byteLimit: Int) { self.byteLimit = byteLimit }

  var count: Int { entries.count }

  /// The directory of a shard, used now.
  subscript(shard: Int) -> TokenDirectory? {
    mutating get {
      uses += 1
      entries[shard]?.lastUse = uses
      return entries[shard]?.directory
    }
  }

  /// Keeps a directory, and drops those that were not used for longest until all fit; one that is larger than the
  /// limit is kept alone.
  mutating func insert(_ directory: TokenDirectory, ofShard shard: Int) {
    uses += 1
    remove(shard)
    while byteCount + directory.storedByteCount > byteLimit,
      let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse })
    { remove(oldest.key) }
    entries[shard] = Entry(directory: directory, lastUse: uses)
    byteCount += directory.storedByteCount
  }

  private mutating func remove(_ shard: Int) {
    guard let entry = entries.removeValue(forKey: shard) else { return }
    byteCount -= entry.directory.storedByteCount
  }
}
