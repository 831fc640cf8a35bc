import DurableFiles
import Synchronization

/// Keeps the most recently read shards open: a set may have more files than a process may open.
final class FileReaderCache: Sendable {
  private static let capacity = 64
  /// Most recently used last.
  private let open = Mutex<[(number: Int, reader: FileReader)]>([])

  /// The open shard `number`, opened at `path` if need be. A reader that drops out of the cache closes when its last
  /// user is done.
  func reader(_ number: Int, path: @autoclosure () -> String) throws -> FileReader {
    let known = open.withLock { open -> FileReader? in
      guard let place = open.lastIndex(where: { $0.number == number }) else { return nil }
      let entry = open.remove(at: place)
      open.append(entry)
      return entry.reader
    }
    if let known { return known }
    let reader = try FileReader(path())
    open.withLock { open in
      if open.count == FileReaderCache.capacity { open.removeFirst() }
      open.append((number, reader))
    }
    return reader
  }
}
