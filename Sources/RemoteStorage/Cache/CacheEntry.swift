import ShardFormat

/// One object as a file of the cache: `IDENTITY-BYTES-NAME`, and `IDENTITY-BYTES-NAME.part` until it is complete.
///
/// The name says what the file holds: a file of an earlier state of the set has another identity, and the room that an
/// unfinished file will need is known to every process.
struct CacheEntry: Sendable {
  var name: String
  var byteCount: Int
  /// From the index that names the object, else of what the server calls it.
  var identity: UInt64
  /// Checks the bytes of a complete copy. Where there is no check, what a dead process left is not gone on with.
  var check: (@Sendable (any ShardBytes) throws -> Void)?

  static let partSuffix = ".part"

  var fileName: String {
    let digits = String(identity, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits + "-\(byteCount)-\(name)"
  }

  var partName: String { fileName + CacheEntry.partSuffix }

  init(name: String, byteCount: Int, identity: UInt64, check: (@Sendable (any ShardBytes) throws -> Void)? = nil) {
    self.name = name
    self.byteCount = byteCount
    self.identity = identity
    self.check = check
  }

  /// Reads the name of a file; nil if it is none of the cache's.
  init?(fileName: String) {
    let parts = fileName.split(separator: "-", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0].utf8.count == 16, let identity = UInt64(parts[0], radix: 16),
      let byteCount = Int(parts[1]), byteCount >= 0
    else { return nil }
    let name = parts[2].hasSuffix(CacheEntry.partSuffix) ? parts[2].dropLast(CacheEntry.partSuffix.count) : parts[2]
    self.init(name: String(name), byteCount: byteCount, identity: identity)
    guard fileName == self.fileName || fileName == partName else { return nil }
  }
}
