import DurableFiles
import Failpoints
import Faults
import ShardFormat
import Synchronization

/// A shard in a cache.
///
/// The file is opened for each read and never kept open, which costs microseconds: so a file that is removed to make room
/// gives its room back at once, and is fetched again if it is needed after all.
final class CachedShard: ShardBytes {
  let byteCount: Int
  private let filler: CacheFiller
  private let entry: CacheEntry
  /// Clock of the last time that the file was marked as used.
  private let touched: Mutex<Double>
  private static let touchSeconds = 0.5
  private static let tryCount = 8

  init(_ filler: CacheFiller, _ entry: CacheEntry) {
    byteCount = entry.byteCount
    self.filler = filler
    self.entry = entry
    touched = Mutex(monotonicSeconds())
  }

  /// The file in the cache: a sample in it that is damaged is damaged there.
  var path: String { filler.folder.path(of: entry) }

  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
    for _ in 0..<CachedShard.tryCount {
      do {
        let file = try FileReader(path, retry: ReadRetry(failpoint: .shardRead))
        touch()
        return try file.read(at: offset, into: buffer)
      } catch let fault as Fault where fault.code == .inputMissing {
        try filler.fill(entry, isReader: true)
      }
    }
    throw Fault(
      .configuration, "The cache is too small: a shard was removed each time before it could be read", at: path,
      remedy: "Give it more bytes")
  }

  private func touch() {
    let now = monotonicSeconds()
    let isDue = touched.withLock {
      guard now - $0 > CachedShard.touchSeconds else { return false }
      $0 = now
      return true
    }
    if isDue { filler.folder.touch(entry) }
  }
}
