import Synchronization

/// What objects must be, by name; shared by readers and download threads.
final class ExpectedObjects: Sendable {
  private let objects = Mutex<[String: ExpectedObject]>([:])

  subscript(name: String) -> ExpectedObject? { objects.withLock { $0[name] } }

  func merge(_ more: [String: ExpectedObject]) { objects.withLock { $0.merge(more) { $1 } } }

  /// The size of the largest; 0 if there is none.
  var largestByteCount: Int { objects.withLock { $0.values.lazy.map(\.byteCount).max() ?? 0 } }
}
