import Glibc

/// Paths that others wrote, and the folder they must stay in.
enum RelativePath {
  /// Whether a path, taken from a folder, stays in it by its text alone: not absolute, no `..` above the start.
  ///
  /// In bytes, as the system reads it: to Swift `../` before a combining mark is not `..` and a slash.
  static func staysWithin(_ path: String) -> Bool {
    guard !path.isEmpty, !isAbsolute(path), !path.utf8.contains(0) else { return false }
    var depth = 0
    for part in path.utf8.split(separator: UInt8(ascii: "/")) where !part.elementsEqual(".".utf8) {
      depth += part.elementsEqual("..".utf8) ? -1 : 1
      if depth < 0 { return false }
    }
    return depth > 0
  }

  static func isAbsolute(_ path: String) -> Bool { path.utf8.first == UInt8(ascii: "/") }

  /// Whether a path without links lies in a folder without links.
  static func lies(_ path: String, in folder: String) -> Bool {
    folder == "/"
      || path.utf8.starts(with: folder.utf8) && path.utf8.dropFirst(folder.utf8.count).first == UInt8(ascii: "/")
  }

  /// The path without links; nil where nothing is there.
  static func real(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// `x` of `a/b/x.jpg`.
  static func stem(_ path: some StringProtocol) -> String {
    // In bytes: this is asked for every file of a data set.
    var name = Substring(path).utf8
    while name.last == UInt8(ascii: "/") { name.removeLast() }
    if let slash = name.lastIndex(of: UInt8(ascii: "/")) { name = name[name.index(after: slash)...] }
    if let dot = name.lastIndex(of: UInt8(ascii: ".")), dot != name.startIndex { name = name[..<dot] }
    return String(decoding: name, as: UTF8.self)
  }
}
