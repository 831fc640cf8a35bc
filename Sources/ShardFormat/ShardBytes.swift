import DurableFiles

/// The bytes of one file of a set, wherever they are: read at any offset, from any thread.
public protocol ShardBytes: Sendable {
  /// What messages call the file: a path or an address.
  var path: String { get }
  var byteCount: Int { get }
  /// Fills `buffer` with the bytes at `offset`; all of them, or a `Fault`.
  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws
  /// These bytes will be read soon: a storage that can have them near by then may begin. Does nothing by default.
  func willRead(_ range: Range<Int>)
}

extension ShardBytes {
  public func willRead(_ range: Range<Int>) {}

  /// The `count` bytes at `offset`.
  func read(at offset: Int, count: Int) throws -> [UInt8] {
    try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      try read(at: offset, into: UnsafeMutableRawBufferPointer(buffer))
      initialized = count
    }
  }
}

extension FileReader: ShardBytes {}
