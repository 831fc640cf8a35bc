import Faults

@testable import ShardFormat

/// A shard in memory.
struct MemoryShard: ShardBytes {
  let path: String
  let bytes: [UInt8]

  var byteCount: Int { bytes.count }

  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
    guard offset >= 0, offset <= bytes.count, buffer.count <= bytes.count - offset else {
      throw Fault(.badData, "The file ends early", at: "\(path): byte \(offset)")
    }
    bytes[offset..<offset + buffer.count].withUnsafeBytes { buffer.copyMemory(from: $0) }
  }
}

/// A set in memory: an index, and the same bytes for every shard.
struct MemoryShards: ShardStorage {
  let location = "memory"
  let index: [UInt8]
  let shard: [UInt8]

  func contents(of name: String, limit: Int) throws -> [UInt8] { index }
  func open(_ name: String) throws -> any ShardBytes { MemoryShard(path: "memory/\(name)", bytes: shard) }
  func byteCount(of name: String) throws -> Int { shard.count }
}
