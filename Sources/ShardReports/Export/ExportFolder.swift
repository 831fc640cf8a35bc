import DurableFiles
import Faults
import Foundation
import Glibc

/// A folder that appears whole or not at all: written as `NAME.partial`, then renamed. What a killed export left is
/// removed by the next one.
struct ExportFolder {
  let path: String
  let temporaryPath: String

  init(_ path: String) throws {
    var trimmed = path
    while trimmed.count > 1, trimmed.hasSuffix("/") { trimmed.removeLast() }
    self.path = trimmed
    temporaryPath = trimmed + ".partial"
    var status = stat()
    if lstat(trimmed, &status) == 0 {
      let isFolder = status.st_mode & S_IFMT == S_IFDIR
      guard isFolder, try DurableFile.names(in: trimmed).isEmpty else {
        throw Fault(
          .outputUnavailable, isFolder ? "The output exists" : "The output exists and is not a folder", at: trimmed,
          remedy: "Choose another folder or remove this one")
      }
    }
    if lstat(temporaryPath, &status) == 0 {
      do { try FileManager.default.removeItem(atPath: temporaryPath) } catch {
        throw Fault(
          .outputUnavailable, "What an earlier export left cannot be removed", at: temporaryPath, remedy: "Remove it")
      }
    }
    try DurableFile.createFolder(temporaryPath)
  }

  func makeFolder(_ name: String) throws { try DurableFile.createFolder("\(temporaryPath)/\(name)") }

  /// Writes a file without waiting for the disk: what a power cut takes is exported again.
  static func write(_ bytes: [UInt8], to path: String) throws {
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

  /// Gives the folder its name.
  func publish() throws {
    rmdir(path)  // an empty folder of that name may be replaced; anything else makes the rename fail
    guard rename(temporaryPath, path) == 0 else {
      throw Fault.system("rename", path: path, errno: errno, missing: .outputUnavailable)
    }
  }
}
