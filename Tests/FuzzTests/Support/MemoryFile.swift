import Faults
import Glibc
import Synchronization

/// One file, in memory where the system has a file system for that, for parsers that take paths; its bytes change from
/// input to input.
final class MemoryFile: Sendable {
  private let descriptor: Int32
  private let folder: String
  private let path: String
  private static let shared = Mutex(MemoryFile())

  private init() {
    var template = Array(((access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp") + "/sgmn-fuzz-XXXXXX").utf8CString)
    guard let folder = mkdtemp(&template).map({ String(cString: $0) }) else { preconditionFailure("no folder") }
    self.folder = folder
    path = folder + "/input"
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    precondition(descriptor >= 0, "no file in \(folder): \(String(cString: strerror(errno)))")
    atexit { MemoryFile.shared.withLock { MemoryFile.remove($0.folder) } }
  }

  /// Runs `body` with the path of a file of these bytes; one caller at a time.
  static func with<Result>(_ bytes: [UInt8], _ body: (_ path: String) throws -> Result) rethrows -> Result {
    try shared.withLock { file in
      file.write(bytes)
      return try body(file.path)
    }
  }

  /// The same, with the path of a folder in which the file has this name.
  static func with<Result>(
    _ bytes: [UInt8], named name: String, _ body: (_ folder: String) throws -> Result
  ) rethrows -> Result {
    try shared.withLock { file in
      file.write(bytes)
      let status = link(file.path, "\(file.folder)/\(name)")
      precondition(status == 0 || errno == EEXIST, "no link in \(file.folder)")
      return try body(file.folder)
    }
  }

  private func write(_ bytes: [UInt8]) {
    let isWritten = ftruncate(descriptor, 0) == 0 && pwrite(descriptor, bytes, bytes.count, 0) == bytes.count
    precondition(isWritten, "cannot write \(bytes.count) bytes to a file in memory")
  }

  private static func remove(_ folder: String) {
    guard let stream = opendir(folder) else { return }
    var names: [String] = []
    while let entry = readdir(stream) {
      names.append(
        withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
    }
    closedir(stream)
    for name in names where name != "." && name != ".." { unlink("\(folder)/\(name)") }
    rmdir(folder)
  }
}
