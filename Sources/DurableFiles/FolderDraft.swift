import Faults
import Glibc
import Synchronization

/// A hidden folder in the making, and the proof that its maker lives: a `flock` on the folder itself, which the kernel
/// gives back when the maker dies in any way.
///
/// Where a file system cannot lock folders there is no proof; then nobody removes what others have left, and new names
/// are found beside it.
struct FolderDraft {
  let path: String
  private let descriptor: Int32

  private static let serial = Atomic<Int>(0)

  /// Removes what killed makers of the same folder have left, and makes `parent/.NAME.tmp-PID-N` with the first N that
  /// is free: a process of the same number may have lived before, or live in another container.
  init(of name: String, in parent: String) throws {
    let prefix = ".\(name)\(DurableFile.temporaryMark)"
    FolderDraft.removeAbandoned(prefix, in: parent)
    while true {
      let number = FolderDraft.serial.add(1, ordering: .relaxed).newValue
      let path = "\(parent)/\(prefix)\(getpid())-\(number)"
      guard try FolderDraft.make(path), let descriptor = try FolderDraft.open(path) else { continue }
      // Another maker may have taken it for abandoned between the two calls.
      if FolderDraft.lock(descriptor) != EWOULDBLOCK, try FolderDraft.isFolder(descriptor, at: path) {
        (self.path, self.descriptor) = (path, descriptor)
        return
      }
      close(descriptor)
    }
  }

  func release() { close(descriptor) }

  /// Removes the drafts that nobody holds, as far as that is allowed: what stays harms nobody.
  private static func removeAbandoned(_ prefix: String, in parent: String) {
    for name in (try? DurableFile.names(in: parent)) ?? [] where name.hasPrefix(prefix) {
      let path = "\(parent)/\(name)"
      guard DurableFile.isFolder(path), let descriptor = try? open(path) else { continue }
      defer { close(descriptor) }
      // One that was renamed meanwhile is no draft any more.
      if lock(descriptor) == 0, (try? isFolder(descriptor, at: path)) == true { try? DurableFile.removeTree(path) }
    }
  }

  /// Whether the folder was made; not where there is something of that name.
  private static func make(_ path: String) throws -> Bool {
    while mkdir(path, 0o755) != 0 {
      if errno == EEXIST { return false }
      if errno != EINTR { throw Fault.system("mkdir", path: path, errno: errno, missing: .outputUnavailable) }
    }
    return true
  }

  /// nil where the folder is gone.
  private static func open(_ path: String) throws -> Int32? {
    do {
      return try systemCall("open", path: path) { Glibc.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) }
    } catch let fault as Fault where fault.code == .inputMissing {
      return nil
    }
  }

  /// 0, or why the folder is not locked.
  private static func lock(_ descriptor: Int32) -> Int32 {
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      if errno != EINTR { return errno }
    }
    return 0
  }

  /// Whether an open folder is still what the path names.
  private static func isFolder(_ descriptor: Int32, at path: String) throws -> Bool {
    var (own, current) = (stat(), stat())
    try systemCall("fstat", path: path) { fstat(descriptor, &own) }
    return lstat(path, &current) == 0 && own.st_ino == current.st_ino && own.st_dev == current.st_dev
  }
}
