import ShardFormat

/// A storage that notes what is read of its files, and what is announced.
final class CountingStorage: ShardStorage, @unchecked Sendable {
  // One thread reads in these tests.
  var reads: [Range<Int>] = []
  var announced: [Range<Int>] = []
  private let base: LocalFolder

  init(_ base: LocalFolder) { self.base = base }

  var location: String { base.location }
  func contents(of name: String, limit: Int) throws -> [UInt8] { try base.contents(of: name, limit: limit) }
  func byteCount(of name: String) throws -> Int { try base.byteCount(of: name) }
  func open(_ name: String) throws -> any ShardBytes { CountingBytes(base: try base.open(name), storage: self) }

  struct CountingBytes: ShardBytes {
    let base: any ShardBytes
    let storage: CountingStorage
    var path: String { base.path }
    var byteCount: Int { base.byteCount }

    func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
      storage.reads.append(offset..<offset + buffer.count)
      try base.read(at: offset, into: buffer)
    }

    func willRead(_ range: Range<Int>) { storage.announced.append(range) }
  }
}
