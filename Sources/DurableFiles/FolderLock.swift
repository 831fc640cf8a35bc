import Faults
import Glibc

/// The right to write in a folder, held by one process at a time.
///
/// It is a `flock` on `FOLDER/.lock`, so the kernel gives it back when the holder dies in any way, and a leftover file
/// never blocks the next start. The file says who holds it: host, process and start time.
public final class FolderLock {
  public let folder: String
  private let path: String
  private var descriptor: Int32

  /// Takes the lock, or throws `Fault(.outputUnavailable)` that names the holder.
  ///
  /// - Parameters:
  ///   - patience: seconds that it waits for a holder to end: the ranks of a killed job live for a moment.
  ///   - waiting: told once, with the holder's fault, as it begins to wait.
  public init(folder: String, patience: Double = 0, waiting: (Fault) -> Void = { _ in }) throws {
    self.folder = folder
    path = "\(folder)/.lock"
    descriptor = -1
    descriptor = try FolderLock.take(path, patience: patience, waiting: waiting)
    do {
      let owner = Array(FolderLock.owner().utf8)
      try systemCall("ftruncate", path: path) { ftruncate(descriptor, 0) }
      try systemCall("pwrite", path: path) { pwrite(descriptor, owner, owner.count, 0) }
    } catch {
      release()
      throw error
    }
  }

  deinit { release() }

  /// Gives the lock back; twice is fine.
  public func release() {
    guard descriptor >= 0 else { return }
    unlink(path)  // while it is still held, so that nobody else's file goes
    close(descriptor)
    descriptor = -1
  }

  private static func take(_ path: String, patience: Double, waiting: (Fault) -> Void) throws -> Int32 {
    let start = ContinuousClock.now
    var hasTold = false
    while true {
      do {
        if let descriptor = try attempt(path) { return descriptor }
      } catch let held as Held {
        guard ContinuousClock.now - start < .seconds(patience) else { throw held.fault }
        if !hasTold { waiting(held.fault) }
        hasTold = true
        usleep(50_000)
      }
    }
  }

  /// Another process has the lock.
  private struct Held: Error {
    var fault: Fault
  }

  /// The descriptor of the locked file; nil if the file was replaced between opening and locking it. Throws `Held`, or a
  /// `Fault` of the file system.
  private static func attempt(_ path: String) throws -> Int32? {
    let descriptor = try systemCall("open", path: path, missing: .outputUnavailable) {
      open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    }
    do {
      while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
        if errno == EINTR { continue }
        if errno == EWOULDBLOCK { throw Held(fault: held(path, by: descriptor)) }
        throw Fault.system("flock", path: path, errno: errno)
      }
      var mine = stat()
      var current = stat()
      try systemCall("fstat", path: path) { fstat(descriptor, &mine) }
      // The last holder may have removed this file after we opened it: then it locks nothing.
      if stat(path, &current) == 0, mine.st_ino == current.st_ino, mine.st_dev == current.st_dev { return descriptor }
    } catch {
      close(descriptor)
      throw error
    }
    close(descriptor)
    return nil
  }

  private static func held(_ path: String, by descriptor: Int32) -> Fault {
    var text = [UInt8](repeating: 0, count: 512)
    let count = max(0, pread(descriptor, &text, text.count, 0))
    let owner = String(decoding: text[..<count], as: UTF8.self).split(separator: "\n").joined(separator: ", ")
    return Fault(
      .outputUnavailable, "The folder is in use by another process: \(owner.isEmpty ? "holder unknown" : owner)",
      at: path, remedy: "Wait until it ends, or choose another folder")
  }

  private static func owner() -> String {
    var name = [CChar](repeating: 0, count: 256)
    gethostname(&name, name.count - 1)
    let host = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    var now = time(nil)
    var parts = tm()
    gmtime_r(&now, &parts)
    var text = [CChar](repeating: 0, count: 32)
    strftime(&text, text.count, "%Y-%m-%dT%H:%M:%SZ", &parts)
    let start = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return "host \(host)\npid \(getpid())\nsince \(start)\n"
  }
}
