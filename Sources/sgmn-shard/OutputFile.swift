import DurableFiles
import Faults
import Glibc

enum OutputFile {
  /// Throws, before the work is done and not after, where no file can be made at `path`.
  static func check(_ path: String) throws {
    let parent = DurableFile.split(path).folder
    guard access(parent, W_OK | X_OK) == 0 else {
      throw Fault.system("access", path: parent, errno: errno, missing: .outputUnavailable)
    }
  }
}
