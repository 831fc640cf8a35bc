import DurableFiles
import Faults
import Glibc

/// The unfinished file of an entry, locked by whoever fetches it. The kernel takes the lock back when the process ends,
/// however it ends; the bytes stay, and the next one goes on from there.
final class CachePart {
  let path: String
  private let descriptor: Int32

  /// Takes the lock of an open file; nil if another thread or process has it. Closes `descriptor` at the end, or now.
  init?(path: String, descriptor: Int32) throws {
    self.path = path
    self.descriptor = descriptor
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      if errno == EINTR { continue }
      // The properties are set: leaving closes the file.
      if errno == EWOULDBLOCK { return nil }
      throw Fault.system("flock", path: path, errno: errno)
    }
  }

  deinit { close(descriptor) }

  var byteCount: Int {
    get throws {
      var status = stat()
      try systemCall("fstat", path: path) { fstat(descriptor, &status) }
      return Int(status.st_size)
    }
  }

  func truncate() throws { try systemCall("ftruncate", path: path) { ftruncate(descriptor, 0) } }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws {
    var done = 0
    while done < bytes.count {
      done += try systemCall("pwrite", path: path) {
        pwrite(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
      }
    }
  }

  func sync() throws { try systemCall("fsync", path: path) { fsync(descriptor) } }
}
