import Faults
import Glibc
import Synchronization

/// Writes a file that appears complete or not at all.
///
/// The bytes go to a temporary sibling, `.NAME.tmp-PID-N`. `commit()` flushes it to the disk, renames it over `path`
/// and flushes the folder, so that after a crash or a power cut `path` holds either its old content or all of the new
/// one. A writer that is discarded, or released without `commit()`, removes its temporary file.
public final class DurableFileWriter {
  /// Where the file appears at `commit()`.
  public let path: String
  /// Bytes appended so far.
  public private(set) var byteCount = 0

  private let temporaryPath: String
  private var descriptor: Int32
  private var hasher = XXH3.Hasher()
  private var buffer: [UInt8] = []
  private static let bufferByteCount = 256 << 10
  private static let serial = Atomic<Int>(0)

  /// Creates the temporary file; `Fault(.outputUnavailable)` if the folder does not exist.
  public init(_ path: String) throws {
    self.path = path
    let (folder, name) = DurableFile.split(path)
    let number = DurableFileWriter.serial.add(1, ordering: .relaxed).newValue
    let temporary = "\(folder)/.\(name)\(DurableFile.temporaryMark)\(getpid())-\(number)"
    temporaryPath = temporary
    descriptor = try systemCall("open", path: path, missing: .outputUnavailable) {
      open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    }
    buffer.reserveCapacity(DurableFileWriter.bufferByteCount)
  }

  deinit { discard() }

  /// XXH3-64 of the bytes appended so far.
  public var hash: UInt64 { hasher.digest }

  public func append(_ bytes: UnsafeRawBufferPointer) throws {
    precondition(descriptor >= 0, "append to the finished file \(path)")
    hasher.update(bytes)
    byteCount += bytes.count
    if buffer.count + bytes.count > DurableFileWriter.bufferByteCount { try flush() }
    if bytes.count >= DurableFileWriter.bufferByteCount {
      try write(bytes)
    } else {
      buffer.append(contentsOf: bytes)
    }
  }

  public func append(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try append($0) } }

  public func append(_ bytes: ArraySlice<UInt8>) throws { try bytes.withUnsafeBytes { try append($0) } }

  /// Makes the file durable under its name. After a failure the old file, if any, is still there.
  public func commit() throws {
    precondition(descriptor >= 0, "commit of the finished file \(path)")
    do {
      try flush()
      try systemCall("fsync", path: temporaryPath, failpoint: .fileSync) { fsync(descriptor) }
      try checkSize()
      let closing = descriptor
      descriptor = -1
      // A close that fails after fsync lost nothing; EINTR must not be retried (the number may be reused).
      close(closing)
      try systemCall("rename", path: path, missing: .outputUnavailable, failpoint: .fileRename) {
        rename(temporaryPath, path)
      }
    } catch {
      discard()
      unlink(temporaryPath)
      throw error
    }
    try DurableFile.syncFolder(DurableFile.split(path).folder)
  }

  /// Removes the temporary file; nothing happens after `commit()`.
  public func discard() {
    guard descriptor >= 0 else { return }
    close(descriptor)
    descriptor = -1
    unlink(temporaryPath)
  }

  /// A file system that has taken fewer bytes than it said is found out before the file counts.
  private func checkSize() throws {
    var status = stat()
    try systemCall("fstat", path: temporaryPath) { fstat(descriptor, &status) }
    guard Int(status.st_size) == byteCount else {
      throw Fault(
        .inputOutput, "\(byteCount) bytes were written, the file has \(status.st_size)", at: path,
        remedy: "Check the disk")
    }
  }

  private func flush() throws {
    guard !buffer.isEmpty else { return }
    try buffer.withUnsafeBytes { try write($0) }
    buffer.removeAll(keepingCapacity: true)
  }

  private func write(_ bytes: UnsafeRawBufferPointer) throws {
    try writeWhole(bytes, to: descriptor, path: path)
  }
}
