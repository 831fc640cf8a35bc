import Faults
import Glibc
import Synchronization

/// Bytes that are written once and read back once, on a disk instead of in memory. The file has no name: it is gone with
/// the value, and with the process however that ends.
public final class SpoolFile {
  private let path: String
  private let descriptor: Int32
  private var buffer: [UInt8] = []
  /// Bytes in the file; those in `buffer` come after them.
  private var storedByteCount = 0
  private static let bufferByteCount = 1 << 20
  private static let serial = Atomic<Int>(0)

  /// - Parameter path: a file in whose folder the bytes may be. `Fault(.outputUnavailable)` if it does not exist.
  public init(beside path: String) throws {
    self.path = path
    let (folder, name) = DurableFile.split(path)
    let number = SpoolFile.serial.add(1, ordering: .relaxed).newValue
    let temporary = "\(folder)/.\(name)\(DurableFile.temporaryMark)\(getpid())-spool-\(number)"
    descriptor = try systemCall("open", path: path, missing: .outputUnavailable) {
      open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    }
    unlink(temporary)
  }

  deinit { close(descriptor) }

  public func append(_ bytes: [UInt8]) throws {
    if buffer.count + bytes.count > SpoolFile.bufferByteCount { try flush() }
    if bytes.count >= SpoolFile.bufferByteCount {
      try bytes.withUnsafeBytes { try write($0) }
    } else {
      buffer.append(contentsOf: bytes)
    }
  }

  /// Hands out all bytes in order, a megabyte at a time.
  public func forEachPiece(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    try flush()
    var piece = [UInt8](repeating: 0, count: min(SpoolFile.bufferByteCount, storedByteCount))
    var offset = 0
    while offset < storedByteCount {
      let wanted = min(piece.count, storedByteCount - offset)
      let count = try piece.withUnsafeMutableBytes { bytes in
        try systemCall("pread", path: path) { pread(descriptor, bytes.baseAddress, wanted, offset) }
      }
      guard count > 0 else {
        throw Fault(
          .inputOutput, "\(storedByteCount) bytes were set aside, \(offset) came back", at: path,
          remedy: "Check the disk")
      }
      try piece.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
      offset += count
    }
  }

  private func flush() throws {
    guard !buffer.isEmpty else { return }
    try buffer.withUnsafeBytes { try write($0) }
    buffer.removeAll(keepingCapacity: true)
  }

  private func write(_ bytes: UnsafeRawBufferPointer) throws {
    try writeWhole(bytes, to: descriptor, path: path)
    storedByteCount += bytes.count
  }
}
