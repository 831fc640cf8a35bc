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
  private let retry: ReadRetry

  /// Opens a regular file; `Fault(.inputMissing)` or `(.permission)` if it cannot be opened, `(.badData)` if it is a
  /// folder, a pipe or a device.
  ///
  /// - Parameter retry: what becomes of reads that fail for a moment; by default they fail at once.
  public init(_ path: String, retry: ReadRetry = .none) throws {
    self.path = path
    self.retry = retry
    let descriptor = try systemCall("open", path: path) { open(path, FileReader.openFlags) }
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

  // O_NONBLOCK only keeps open() from waiting for the writer of a pipe; regular files ignore it.
  private static let openFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK

  /// Fills `buffer` with the bytes at `offset`; all of them, or `Fault(.badData)` with the offset and both counts.
  /// `Fault(.inputOutput)` with the offset and the errno where reading fails, in as many tries as there are.
  public func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
    try checkRange(at: offset, count: buffer.count)
    guard let base = buffer.baseAddress else { return }
    var done = 0
    while done < buffer.count {
      let count = try readSome(at: offset + done, into: base + done, limit: buffer.count - done)
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
  public static func contents(of path: String, limit: Int, retry: ReadRetry = .none) throws -> [UInt8] {
    let reader = try FileReader(path, retry: retry)
    guard reader.byteCount <= limit else {
      throw Fault(.badData, "The file has \(reader.byteCount) bytes, more than the limit of \(limit)", at: path)
    }
    return try reader.read(at: 0, count: reader.byteCount)
  }

  /// At most `limit` bytes at `offset`; 0 at the end of the file.
  private func readSome(at offset: Int, into base: UnsafeMutableRawPointer, limit: Int) throws -> Int {
    var failures = 0
    while true {
      var code = retry.failpoint?.failsCall() ?? 0
      if code == 0 {
        let count = pread(descriptor, base, limit, off_t(offset))
        if count >= 0 { return count }
        code = errno
      }
      if code == EINTR { continue }
      failures += 1
      guard let seconds = retry.wait(afterFailure: failures, errno: code) else {
        throw cannotRead(at: offset, errno: code, tries: failures)
      }
      let what = "\(path): byte \(offset): \(FileReader.text(of: code))"
      retry.notice?("\(what); try \(failures + 1) of \(retry.waits.count + 1) follows")
      usleep(UInt32(seconds * 1e6))
      if code == ESTALE { try reopen() }
    }
  }

  /// A file server that forgot the file may know its path. Where it does not, the next try fails as the last did.
  private func reopen() throws {
    let fresh = open(path, FileReader.openFlags)
    guard fresh >= 0 else { return }
    defer { close(fresh) }
    var status = stat()
    guard fstat(fresh, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFREG, Int(status.st_size) == byteCount else {
      throw Fault(
        .badData, "The file was replaced while it was read", at: path,
        remedy: "Leave files alone while they are read")
    }
    // In the place of the old one, which other threads may be reading from.
    if dup2(fresh, descriptor) == descriptor { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
  }

  private func cannotRead(at offset: Int, errno code: Int32, tries: Int) -> Fault {
    var fault = Fault.system("pread", path: path, errno: code)
    fault.what = FileReader.text(of: code) + (tries > 1 ? ", after \(tries) tries" : "")
    fault.place = "\(path): byte \(offset)"
    if ReadRetry.mayPass(code) { fault.remedy = "Look at the disk or the file server, then run the same command again" }
    return fault
  }

  private static func text(of code: Int32) -> String { "\(String(cString: strerror(code))) (errno \(code))" }

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
