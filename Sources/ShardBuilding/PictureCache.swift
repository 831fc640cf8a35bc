import Synchronization

/// The product pictures that were decoded last: the clips of a product stand side by side in most manifests.
///
/// It never changes what is built, only how often a file is read.
final class PictureCache: Sendable {
  private let capacity: Int
  private let entries = Mutex<[(path: String, planes: [UInt8])]>([])

  init(capacity: Int) {
    precondition(capacity > 0, "a cache of \(capacity) pictures")
    self.capacity = capacity
  }

  /// The planes of `path`, by `decode` where they are not at hand. What `decode` throws is not kept.
  func planes(of path: String, decode: () throws -> [UInt8]) rethrows -> [UInt8] {
    let found = entries.withLock { entries in entries.last { $0.path == path }?.planes }
    if let found { return found }
    let planes = try decode()
    entries.withLock { entries in
      guard !entries.contains(where: { $0.path == path }) else { return }
      if entries.count == capacity { entries.removeFirst() }
      entries.append((path, planes))
    }
    return planes
  }
}
