import MediaDecoding
import ShardFormat

/// The product pictures that were encoded last: the clips of a product stand side by side in most sources.
///
/// It never changes what is built, only how often a file is read. One thread at a time.
final class PictureCache {
  private let capacity: Int
  private var entries: [(location: MediaLocation, picture: EncodedPicture)] = []

  init(capacity: Int) {
    precondition(capacity > 0, "a cache of \(capacity) pictures")
    self.capacity = capacity
    entries.reserveCapacity(capacity)
  }

  /// The picture at `location`, by `encode` where it is not at hand. What `encode` throws is not kept.
  func picture(at location: MediaLocation, encode: () throws -> EncodedPicture) rethrows -> EncodedPicture {
    if let found = entries.last(where: { $0.location == location }) { return found.picture }
    let picture = try encode()
    if entries.count == capacity { entries.removeFirst() }
    entries.append((location, picture))
    return picture
  }
}
