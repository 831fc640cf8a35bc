import DurableFiles
import Faults
import ShardFormat

/// What an object must be, from an index that names it.
public struct ExpectedObject: Sendable {
  public var byteCount: Int
  /// A hash that names the content: the root hash of a shard.
  public var identity: UInt64
  /// Reads all bytes of a complete copy, and throws if they are not what is expected.
  public var check: @Sendable (any ShardBytes) throws -> Void

  public init(byteCount: Int, identity: UInt64, check: @escaping @Sendable (any ShardBytes) throws -> Void) {
    self.byteCount = byteCount
    self.identity = identity
    self.check = check
  }

  /// An object whose bytes have this XXH3-64.
  public init(byteCount: Int, hash: UInt64) {
    self.init(byteCount: byteCount, identity: hash) { file in
      let hasher = XXH3.Hasher()
      var offset = 0
      while offset < file.byteCount {
        var bytes = [UInt8](repeating: 0, count: min(1 << 20, file.byteCount - offset))
        try bytes.withUnsafeMutableBytes { try file.read(at: offset, into: $0) }
        hasher.update(bytes)
        offset += bytes.count
      }
      guard file.byteCount == byteCount, hasher.digest == hash else {
        throw Fault(.badData, "The hash of the bytes is another", at: file.path)
      }
    }
  }

  /// A shard of a set: every byte of it is checked against the index.
  public init(_ shard: ShardSetIndex.Shard, configuration: ShardConfiguration) {
    self.init(byteCount: shard.byteCount, identity: shard.rootHash) {
      try ShardVerification.checkContent(of: $0, shard, configuration: configuration)
    }
  }
}
