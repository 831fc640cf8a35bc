import Faults
import Glibc

/// A file opened for reading at any offset, from any thread.
///
/// Reads are `pread`, never a memory map: a file that is cut while it is read gives a `Fault` and not a signal.
public final class FileReader: Sendable {
  public let path: String
  /// The size when the file was opened.
  public let byteCount: Int
  private let descriptor: Int32

  /// Opens a regular file; `Fault(.inputMissing)` or `(.permission)` if it cannot be opened, `(.badData)` if it is a
  /// folder, a pipe or a device.
  public init(_ path: String) throws {
    self.path = path
    // O_NONBLOCK only keeps open() from waiting for the writer of a pipe; regular files ignore it.
    let descriptor = try systemCall("open", path: path) { open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
    var status = stat()
    do {
      try systemCall("fstat", path: path) { fstat(descriptor, &status) }
      guard status.st_mode & S_IFMT == S_IFREG else {
        throw Fault(.badData, "Not a regular file", at: path, remedy: "Check the path")
      }
    } catch {
      close(descriptor)
      throw error
    }
    self.descriptor = descriptor
    byteCount = Int(status.st_size)
  }

  deinit { close(descriptor) }

  /// Fills `buffer` with the bytes at `offset`; all of them, or `Fault(.badData)` with the offset and both counts.
  public func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
    try checkRange(at: offset, count: buffer.count)
    guard let base = buffer.baseAddress else { return }
    var done = 0
    while done < buffer.count {
      let count = try systemCall("pread", path: path) {
        pread(descriptor, base + done, buffer.count - done, off_t(offset + done))
      }
      if count == 0 { throw endsEarly(at: offset, expected: buffer.count, found: done) }
      done += count
    }
  }

  /// The `count` bytes at `offset`. Nothing is allocated for bytes that the file does not have.
  public func read(at offset: Int, count: Int) throws -> [UInt8] {
    try checkRange(at: offset, count: count)
    return try [UInt8](unsafeUninitializedCapacity: count) { buffer, initializedCount in
      try read(at: offset, into: UnsafeMutableRawBufferPointer(buffer))
      initializedCount = count
    }
  }

  /// Asks the kernel to begin reading these bytes into its page cache. Only a hint: that it cannot is no fault.
  public func willRead(_ range: Range<Int>) {
    guard !range.isEmpty else { return }  // no bytes would mean all to the end
    _ = posix_fadvise(descriptor, off_t(range.lowerBound), off_t(range.count), POSIX_FADV_WILLNEED)
  }

  /// The whole file; `Fault(.badData)` if it has more than `limit` bytes.
  public static func contents(of path: String, limit: Int) throws -> [UInt8] {
    let reader = try FileReader(path)
    guard reader.byteCount <= limit else {
      throw Fault(.badData, "The file has \(reader.byteCount) bytes, more than the limit of \(limit)", at: path)
    }
    return try reader.read(at: 0, count: reader.byteCount)
  }

  private func checkRange(at offset: Int, count: Int) throws {
    let (end, overflow) = offset.addingReportingOverflow(count)
    guard offset >= 0, count >= 0, !overflow, end <= byteCount else {
      let found = offset >= 0 && offset < byteCount ? byteCount - offset : 0
      throw endsEarly(at: offset, expected: count, found: found)
    }
  }

  private func endsEarly(at offset: Int, expected: Int, found: Int) -> Fault {
    Fault(.badData, "The file ends early: expected \(expected) bytes, found \(found)", at: "\(path): byte \(offset)")
  }
}
