/// Where one media file's bytes are: a file, or a part of one (a member of a tar archive).
public struct MediaLocation: Codable, Sendable, Hashable {
  public var path: String
  /// The first byte of the part; nil: the file's first.
  public var offset: Int?
  /// The bytes of the part; nil: up to the file's end.
  public var byteCount: Int?

  public init(_ path: String, offset: Int? = nil, byteCount: Int? = nil) {
    self.path = path
    self.offset = offset
    self.byteCount = byteCount
  }

  var isWholeFile: Bool { offset == nil && byteCount == nil }
}

extension MediaLocation: CustomStringConvertible {
  /// The path, and for a part of a file also its range: what errors name.
  public var description: String {
    if isWholeFile { return path }
    guard let byteCount else { return "\(path), from byte \(offset ?? 0)" }
    return "\(path), \(byteCount) bytes from byte \(offset ?? 0)"
  }
}
