/// Names of files of a set.
enum FileName {
  /// The name, which must be one component: it becomes the end of a URL, and of a path in a cache.
  static func checked(_ name: String) -> String {
    precondition(
      !name.isEmpty && name != "." && name != ".." && !name.utf8.contains { $0 == UInt8(ascii: "/") || $0 == 0 },
      "'\(name)' is not the name of a file")
    return name
  }
}
