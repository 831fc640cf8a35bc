import Faults
import ShardFormat

/// The files of a set in memory: a set can be damaged thousands of times without a disk.
package struct MemoryFolder: ShardStorage {
  package var files: [String: [UInt8]]
  package let location = "memory"

  package init(_ files: [String: [UInt8]]) { self.files = files }

  package var opensCheaply: Bool { true }

  package func names() throws -> [String]? { files.keys.sorted() }

  package func contents(of name: String, limit: Int) throws -> [UInt8] { try file(name).bytes }

  package func open(_ name: String) throws -> any ShardBytes { try file(name) }

  package func byteCount(of name: String) throws -> Int { try file(name).byteCount }

  private func file(_ name: String) throws -> File {
    guard let bytes = files[name] else { throw Fault(.inputMissing, "No such file or folder", at: "memory/\(name)") }
    return File(path: "memory/\(name)", bytes: bytes)
  }

  private struct File: ShardBytes {
    let path: String
    let bytes: [UInt8]

    var byteCount: Int { bytes.count }

    func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
      guard offset >= 0, buffer.count <= bytes.count, offset <= bytes.count - buffer.count else {
        throw Fault(.badData, "The file ends early", at: "\(path): byte \(offset)")
      }
      bytes.withUnsafeBytes {
        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + buffer.count]))
      }
    }
  }
}
