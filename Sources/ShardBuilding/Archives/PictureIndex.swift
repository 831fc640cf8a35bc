import DurableFiles

/// Where pictures are that only an index can find: the hash of an id to a container and a place in it.
///
/// 16 bytes a picture: 7.6 GB for the 473,402,226 frames of LPR4M, in every process that builds. The hash has 64 bits;
/// that any two of that many ids share one has a chance of 0.6 %.
struct PictureIndex: Sendable {
  /// A picture: hash of its id, and packed from the high bits: container (18 bits); in an archive the number of the
  /// header's block (30 bits) and the picture's bytes (16 bits, all set where they are more); in a numbered folder the
  /// digits of its key (6 bits) and their value (40 bits).
  struct Entry: Sendable, Hashable, Comparable {
    static let containerLimit = 1 << 18
    static let blockLimit = 1 << 30

    var hash: UInt64
    var packed: UInt64

    init(hash: UInt64, packed: UInt64) { (self.hash, self.packed) = (hash, packed) }

    /// A picture in an archive; `headerBlock` is below `blockLimit`.
    init(id: String, container: Int, headerBlock: Int, byteCount: Int) {
      precondition(container < Entry.containerLimit && headerBlock < Entry.blockLimit)
      let place = UInt64(headerBlock) << 16 | UInt64(min(byteCount, 0xFFFF))
      self.init(hash: XXH3.hash(id), packed: UInt64(container) << 46 | place)
    }

    /// A picture in a numbered folder, whose key has at most 12 digits.
    init(id: String, container: Int, key: Int, digitCount: Int) {
      precondition(container < Entry.containerLimit && key < 1 << 40 && digitCount < 1 << 6)
      self.init(hash: XXH3.hash(id), packed: UInt64(container) << 46 | UInt64(digitCount) << 40 | UInt64(key))
    }

    var container: Int { Int(packed >> 46) }
    var headerBlock: Int { Int(packed >> 16 & 0x3FFF_FFFF) }
    /// Of a picture in an archive; nil where only its header knows.
    var byteCount: Int? { packed & 0xFFFF == 0xFFFF ? nil : Int(packed & 0xFFFF) }
    var digitCount: Int { Int(packed >> 40 & 0x3F) }
    var key: Int { Int(packed & 0xFF_FFFF_FFFF) }

    static func < (one: Entry, other: Entry) -> Bool { (one.hash, one.packed) < (other.hash, other.packed) }
  }

  private let entries: [Entry]

  var count: Int { entries.count }

  /// The parts of all containers; of two pictures of one id the one in the first container is found.
  init(_ entries: [Entry]) { self.entries = entries.sorted() }

  /// The entry of an id, by bisection.
  func entry(of id: String) -> Entry? {
    guard !entries.isEmpty else { return nil }
    let hash = XXH3.hash(id)
    var (low, high) = (0, entries.count)
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].hash < hash { low = middle + 1 } else { high = middle }
    }
    return low < entries.count && entries[low].hash == hash ? entries[low] : nil
  }
}
