import CXXHash

/// XXH3-64 (xxHash 0.8), the checksum of shards and checkpoints: it finds damage at memory speed and is no defence
/// against forgery.
public enum XXH3 {
  public static func hash(_ bytes: UnsafeRawBufferPointer, seed: UInt64 = 0) -> UInt64 {
    sgmn_xxh3(bytes.baseAddress, bytes.count, seed)
  }

  public static func hash(_ bytes: [UInt8], seed: UInt64 = 0) -> UInt64 {
    bytes.withUnsafeBytes { hash($0, seed: seed) }
  }

  public static func hash(_ bytes: ArraySlice<UInt8>, seed: UInt64 = 0) -> UInt64 {
    bytes.withUnsafeBytes { hash($0, seed: seed) }
  }

  /// The hash of the UTF-8 bytes.
  public static func hash(_ text: String, seed: UInt64 = 0) -> UInt64 { hash(Array(text.utf8), seed: seed) }

  /// The hash of bytes that come in pieces: equal to `hash(_:seed:)` of all of them, however they are cut.
  public final class Hasher {
    private let state: OpaquePointer

    public init(seed: UInt64 = 0) {
      guard let state = XXH3_createState() else { preconditionFailure("no memory for a hash state") }
      self.state = state
      XXH3_64bits_reset_withSeed(state, seed)
    }

    deinit { XXH3_freeState(state) }

    public func update(_ bytes: UnsafeRawBufferPointer) { XXH3_64bits_update(state, bytes.baseAddress, bytes.count) }

    public func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { update($0) } }

    /// The hash so far; more bytes may follow.
    public var digest: UInt64 { XXH3_64bits_digest(state) }
  }
}
