import Faults
import Glibc

/// An open file, or the part of it that a location names: every read stays inside.
final class MediaBytes {
  let location: MediaLocation
  let byteCount: Int
  private let start: Int
  private let descriptor: Int32

  /// Throws `Fault(.inputMissing)` without the file, `Fault(.badData)` where it is no regular file or ends too early.
  init(_ location: MediaLocation) throws {
    self.location = location
    // O_NONBLOCK only keeps open() from waiting for the writer of a pipe; regular files ignore it.
    descriptor = open(location.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw Fault.system("open", path: location.path, errno: errno) }
    do {
      var status = stat()
      guard fstat(descriptor, &status) == 0 else { throw Fault.system("stat", path: location.path, errno: errno) }
      guard status.st_mode & S_IFMT == S_IFREG else { throw Fault(.badData, "Not a regular file", at: location.path) }
      (start, byteCount) = try MediaBytes.range(of: location, fileByteCount: Int(status.st_size))
    } catch {
      close(descriptor)
      throw error
    }
  }

  deinit { close(descriptor) }

  private static func range(of location: MediaLocation, fileByteCount: Int) throws -> (start: Int, byteCount: Int) {
    let start = location.offset ?? 0
    guard start >= 0, start <= fileByteCount else { throw beyond(location, fileByteCount) }
    let byteCount = location.byteCount ?? fileByteCount - start
    guard byteCount >= 0, byteCount <= fileByteCount - start else { throw beyond(location, fileByteCount) }
    return (start, byteCount)
  }

  private static func beyond(_ location: MediaLocation, _ fileByteCount: Int) -> Fault {
    Fault(
      .badData, "A part beyond the \(fileByteCount) bytes of its file", at: location.description,
      remedy: "Get the file again, or make its manifest again")
  }

  /// At most `limit` bytes from `position` on; 0 at the end.
  func read(at position: Int, into buffer: UnsafeMutableRawPointer, limit: Int) throws -> Int {
    let wanted = min(limit, byteCount - position)
    guard wanted > 0 else { return 0 }
    while true {
      let got = pread(descriptor, buffer, wanted, off_t(start + position))
      if got >= 0 { return got }
      guard errno == EINTR else { throw Fault.system("read", path: location.path, errno: errno) }
    }
  }

  /// All bytes into `buffer`. Throws `Fault(.badData)` where the file became shorter meanwhile.
  func readAll(into buffer: UnsafeMutableRawPointer) throws {
    var position = 0
    while position < byteCount {
      let got = try read(at: position, into: buffer + position, limit: byteCount - position)
      guard got > 0 else {
        throw Fault(.badData, "The file became shorter while it was read", at: location.description)
      }
      position += got
    }
  }
}
