import Faults
import Glibc

/// What writing durably needs besides the writer: folders, free space, and the leftovers of killed processes.
public enum DurableFile {
  /// In the name of every temporary file, `.NAME.tmp-PID-N`.
  static let temporaryMark = ".tmp-"

  /// Writes a whole file: all of it or nothing, on the disk when this returns.
  public static func write(_ bytes: UnsafeRawBufferPointer, to path: String) throws {
    let writer = try DurableFileWriter(path)
    try writer.append(bytes)
    try writer.commit()
  }

  public static func write(_ bytes: [UInt8], to path: String) throws {
    try bytes.withUnsafeBytes { try write($0, to: path) }
  }

  /// Makes the names in a folder durable: a rename is only safe from a power cut after this.
  public static func syncFolder(_ folder: String) throws {
    let descriptor = try systemCall("open", path: folder, missing: .outputUnavailable) {
      open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    }
    defer { close(descriptor) }
    try systemCall("fsync", path: folder, failpoint: .folderSync) { fsync(descriptor) }
  }

  /// Makes the name of a folder durable that may have been created by a process that was killed before it could; not
  /// where its parent may not be read, which then is not the parent of a folder of ours.
  public static func syncName(of path: String) throws {
    do {
      try syncFolder(split(path).folder)
    } catch let fault as Fault where fault.code == .permission {
      return
    }
  }

  /// Makes what was written to a file durable, by whatever descriptor; a file that is not there has nothing to lose.
  public static func syncFile(_ path: String) throws {
    let descriptor: Int32
    do {
      descriptor = try systemCall("open", path: path) { open(path, O_WRONLY | O_CLOEXEC) }
    } catch let fault as Fault where fault.code == .inputMissing {
      return
    }
    defer { close(descriptor) }
    try systemCall("fsync", path: path, failpoint: .fileSync) { fsync(descriptor) }
  }

  /// Creates a folder and the folders above it; one that exists is fine.
  public static func createFolder(_ path: String) throws {
    var status = stat()
    if stat(path, &status) == 0 {
      guard status.st_mode & S_IFMT == S_IFDIR else {
        throw Fault(.outputUnavailable, "Not a folder", at: path, remedy: "Choose another folder")
      }
      return
    }
    guard errno == ENOENT else {
      throw Fault.system("stat", path: path, errno: errno, missing: .outputUnavailable)
    }
    let parent = split(path).folder
    if parent != path { try createFolder(parent) }
    while mkdir(path, 0o755) != 0, errno != EEXIST {
      if errno != EINTR { throw Fault.system("mkdir", path: path, errno: errno, missing: .outputUnavailable) }
    }
    try syncFolder(parent)
  }

  /// Bytes that this user may still write to the file system of `path`.
  public static func freeByteCount(at path: String) throws -> Int {
    var status = statvfs()
    try systemCall("statvfs", path: path) { statvfs(path, &status) }
    let (bytes, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
    return overflow ? Int.max : Int(clamping: bytes)
  }

  /// The names in a folder, sorted, without `.` and `..`.
  public static func names(in folder: String) throws -> [String] {
    var opened = opendir(folder)
    while opened == nil, errno == EINTR { opened = opendir(folder) }
    guard let stream = opened else { throw Fault.system("opendir", path: folder, errno: errno) }
    defer { closedir(stream) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = readdir(stream) else {
        // The end, or a failure: what was not listed must not pass for not there.
        guard errno == 0 else { throw Fault.system("readdir", path: folder, errno: errno) }
        return names.sorted()
      }
      let capacity = MemoryLayout.size(ofValue: entry.pointee.d_name)
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: capacity) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
  }

  /// Removes the temporary files that killed writers left in a folder, and returns their names. Hold the folder's
  /// `FolderLock`: the files of a living writer look the same. Folders stay: their makers need no lock of this one, and
  /// the next who makes the same folder removes them (`createWholeFolder`).
  @discardableResult
  public static func removeTemporaryFiles(in folder: String) throws -> [String] {
    let abandoned = try names(in: folder).filter {
      $0.hasPrefix(".") && $0.contains(temporaryMark) && !isFolder("\(folder)/\($0)")
    }
    for name in abandoned { try remove("\(folder)/\(name)") }
    return abandoned
  }

  /// Removes a file, or a folder with all that is in it; links are not followed.
  public static func removeTree(_ path: String) throws {
    guard isFolder(path) else { return try remove(path) }
    for name in try names(in: path) { try removeTree("\(path)/\(name)") }
    try systemCall("rmdir", path: path) { rmdir(path) }
  }

  /// Whether there is a folder of that name; a link to one is none.
  static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Removes one file.
  public static func remove(_ path: String) throws { try systemCall("unlink", path: path) { unlink(path) } }

  /// `a/b/c` as (`a/b`, `c`); the folder of a bare name is `.`.
  ///
  /// In bytes, as the system reads a path: to Swift a slash and a combining mark behind it are one character, which is no
  /// slash.
  public static func split(_ path: String) -> (folder: String, name: String) {
    let slash = UInt8(ascii: "/")
    var bytes = Substring(path).utf8
    if bytes.count > 1, bytes.last == slash { bytes.removeLast() }
    guard let place = bytes.lastIndex(of: slash) else { return (".", String(Substring(bytes))) }
    let folder = place == bytes.startIndex ? "/" : String(Substring(bytes[..<place]))
    return (folder, String(Substring(bytes[bytes.index(after: place)...])))
  }
}
