import DurableFiles
import Faults
import Glibc

/// A folder that appears whole or not at all: written under a name of its own, then renamed.
///
/// What a killed run left under that name is removed by the next; it never blocks it.
struct OutputFolder {
  let path: String
  let temporaryPath: String

  /// Throws `Fault(.outputUnavailable)` where `path` exists and is not an empty folder.
  init(creating path: String) throws {
    var trimmed = path
    while trimmed.count > 1, trimmed.hasSuffix("/") { trimmed.removeLast() }
    self.path = trimmed
    temporaryPath = trimmed + ".partial"
    try OutputFolder.refuseExisting(trimmed)
    try OutputFolder.remove(temporaryPath)
    try DurableFile.createFolder(temporaryPath)
  }

  func makeFolder(_ name: String) throws { try DurableFile.createFolder(temporaryPath + "/" + name) }

  func write(_ bytes: [UInt8], to name: String) throws {
    try OutputFolder.writeFile(bytes, to: temporaryPath + "/" + name)
  }

  /// Gives the folder its name.
  func publish() throws {
    rmdir(path)  // an empty folder of that name may be replaced; anything else makes the rename fail
    guard rename(temporaryPath, path) == 0 else {
      throw Fault.system("rename", path: path, errno: errno, missing: .outputUnavailable)
    }
  }

  /// Throws `Fault(.outputUnavailable)` where something is at `path` that is not an empty folder.
  static func refuseExisting(_ path: String) throws {
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    let remedy = "Choose another folder or remove this one"
    guard status.st_mode & S_IFMT == S_IFDIR else {
      throw Fault(.outputUnavailable, "The output exists and is not a folder", at: path, remedy: remedy)
    }
    guard try DurableFile.names(in: path).isEmpty else {
      throw Fault(.outputUnavailable, "The output exists", at: path, remedy: remedy)
    }
  }

  /// Writes a file without waiting for the disk: what a power cut takes is drawn again.
  static func writeFile(_ bytes: [UInt8], to path: String) throws {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw Fault.system("open", path: path, errno: errno, missing: .outputUnavailable) }
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + written, bytes.count - written) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        let code = errno
        close(descriptor)
        throw Fault.system("write", path: path, errno: code)
      }
      written += count
    }
    guard close(descriptor) == 0 else { throw Fault.system("close", path: path, errno: errno) }
  }

  private static func remove(_ path: String) throws {
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    if status.st_mode & S_IFMT == S_IFDIR {
      for name in try DurableFile.names(in: path) { try remove(path + "/" + name) }
      guard rmdir(path) == 0 else { throw Fault.system("rmdir", path: path, errno: errno) }
    } else {
      guard unlink(path) == 0 else { throw Fault.system("unlink", path: path, errno: errno) }
    }
  }
}
