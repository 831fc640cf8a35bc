import DurableFiles
import Faults
import Glibc
import Synchronization

/// The files of a cache, shared by all processes of a machine.
///
/// A file is created, renamed or removed only under the folder's lock, a `flock` on the folder itself that is held for
/// moments. So a name that is seen under the lock stays what it is, and every unfinished file was given its room before it
/// came to be: the sum of all sizes, unfinished ones with what they will have, never exceeds the limit.
final class CacheFolder: Sendable {
  let path: String
  let byteLimit: Int
  private let evictionCount = Atomic<Int>(0)

  /// What a caller who needs an entry has to do.
  enum Admission {
    /// The file is complete.
    case ready
    /// Fetch it into this part, and `finish` it.
    case fetch(CachePart)
    /// Another thread or process fetches it.
    case busy
    /// The room that it needs is taken by files that are being fetched.
    case full
  }

  init(path: String, byteLimit: Int) throws {
    self.path = path
    self.byteLimit = byteLimit
    try DurableFile.createFolder(path)
    guard access(path, R_OK | W_OK | X_OK) == 0 else {
      throw Fault.system("access", path: path, errno: errno, missing: .outputUnavailable)
    }
  }

  /// Files that this process removed to make room.
  var evictions: Int { evictionCount.load(ordering: .relaxed) }

  func path(of entry: CacheEntry) -> String { "\(path)/\(entry.fileName)" }

  /// Whether the complete file is there.
  func holds(_ entry: CacheEntry) -> Bool { size(of: path(of: entry)) == entry.byteCount }

  /// Marks the file as used now.
  func touch(_ entry: CacheEntry) { touch(entry.fileName) }

  private func touch(_ name: String) { utimensat(AT_FDCWD, "\(path)/\(name)", nil, 0) }

  func admit(_ entry: CacheEntry) throws -> Admission {
    precondition(entry.byteCount <= byteLimit, "an entry larger than the cache")
    return try withLock {
      let file = path(of: entry)
      if let size = size(of: file) {
        if size == entry.byteCount {
          touch(entry)
          return .ready
        }
        // Somebody else cut it: a complete file has its size from before its renaming on.
        try DurableFile.remove(file)
      }
      let part = "\(path)/\(entry.partName)"
      if size(of: part) == nil {
        guard try makeRoom(for: entry) else { return .full }
      }
      let descriptor = try systemCall("open", path: part, missing: .outputUnavailable) {
        open(part, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
      }
      return try CachePart(path: part, descriptor: descriptor).map { .fetch($0) } ?? .busy
    }
  }

  /// Gives a complete, checked part its name, on the disk when this returns.
  func finish(_ part: CachePart, _ entry: CacheEntry) throws {
    try part.sync()
    touch(entry.partName)
    try withLock {
      let file = path(of: entry)
      try systemCall("rename", path: file, missing: .outputUnavailable) { rename(part.path, file) }
    }
    try DurableFile.syncFolder(path)
  }

  /// Removes a part that is worth nothing. Its holder calls it.
  func discard(_ part: CachePart) {
    // The caller is about to report why; a file that stays is removed for room some day.
    try? withLock { try DurableFile.remove(part.path) }
  }

  /// Removes files, the least recently used first, until the entry fits. False if what is being fetched takes too much.
  private func makeRoom(for entry: CacheEntry) throws -> Bool {
    var files: [(path: String, isPart: Bool, byteCount: Int, used: timespec)] = []
    for name in try DurableFile.names(in: path) {
      guard let other = CacheEntry(fileName: name) else { continue }
      var status = stat()
      guard stat("\(path)/\(name)", &status) == 0 else { continue }
      let isPart = name == other.partName
      files.append(("\(path)/\(name)", isPart, isPart ? other.byteCount : Int(status.st_size), status.st_mtim))
    }
    var byteCount = files.reduce(entry.byteCount) { $0 + $1.byteCount }
    files.sort { ($0.used.tv_sec, $0.used.tv_nsec) < ($1.used.tv_sec, $1.used.tv_nsec) }
    for file in files where byteCount > byteLimit {
      guard try remove(file.path, isPart: file.isPart) else { continue }
      evictionCount.add(1, ordering: .relaxed)
      byteCount -= file.byteCount
    }
    return byteCount <= byteLimit
  }

  /// Removes a file; not a part that is being fetched. Whoever has the file open reads on.
  private func remove(_ file: String, isPart: Bool) throws -> Bool {
    if isPart {
      let descriptor = try systemCall("open", path: file) { open(file, O_RDWR | O_CLOEXEC) }
      guard let part = try CachePart(path: file, descriptor: descriptor) else { return false }
      try withExtendedLifetime(part) { try DurableFile.remove(file) }
    } else {
      try DurableFile.remove(file)
    }
    return true
  }

  /// The size of a regular file; nil if there is none.
  private func size(of file: String) -> Int? {
    var status = stat()
    guard stat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return Int(status.st_size)
  }

  private func withLock<T>(_ body: () throws -> T) throws -> T {
    // Opened anew each time: the lock belongs to the opening, so that threads exclude each other as well.
    let descriptor = try systemCall("open", path: path, missing: .outputUnavailable) {
      open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    }
    defer { close(descriptor) }
    try systemCall("flock", path: path) { flock(descriptor, LOCK_EX) }
    return try body()
  }
}
