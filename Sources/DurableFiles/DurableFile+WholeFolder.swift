import Faults
import Glibc

extension DurableFile {
  /// Makes a folder that appears with all its files or not at all.
  ///
  /// `write` fills a hidden sibling, `.NAME.tmp-PID-N`, with durable files; that is flushed and renamed. Where
  /// anything fails it is removed. Siblings that killed processes left of the same folder are removed first.
  ///
  /// - Throws: `Fault(.outputUnavailable)` where there is something of that name already; the fault of the system call
  ///   that failed, or what `write` throws.
  public static func createWholeFolder(_ path: String, write: (_ folder: String) throws -> Void) throws {
    let (parent, name) = split(path)
    try requireAbsent(path)
    let draft = try FolderDraft(of: name, in: parent)
    defer { draft.release() }
    do {
      try write(draft.path)
      try syncFolder(draft.path)
      // Renaming would replace an empty folder that has appeared meanwhile.
      try requireAbsent(path)
      try systemCall("rename", path: path, missing: .outputUnavailable, failpoint: .fileRename) {
        rename(draft.path, path)
      }
    } catch {
      try? removeTree(draft.path)
      throw error
    }
    try syncFolder(parent)
  }

  private static func requireAbsent(_ path: String) throws {
    var status = stat()
    guard lstat(path, &status) != 0 else {
      throw Fault(
        .outputUnavailable, "There is something of this name already", at: path, remedy: "Choose another name")
    }
  }
}
