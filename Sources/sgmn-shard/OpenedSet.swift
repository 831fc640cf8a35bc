import ShardFormat

enum OpenedSet {
  /// The set that a command's argument names.
  static func at(_ location: String) throws -> ShardSet { try ShardSet(folder: location) }
}
