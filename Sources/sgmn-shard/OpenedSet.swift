import RemoteStorage
import ShardFormat

enum OpenedSet {
  /// The set that a command's argument names: in a folder, or at `https://` or `s3://`.
  static func at(_ location: String) throws -> ShardSet {
    try ShardSet(storage: ShardLocation.storage(for: location))
  }
}
