/// Entries of a source in the order they shall be stored in; any entry at any time from any thread.
public protocol SampleCatalog: Sendable {
  var count: Int { get }

  /// Parses entry `index` and finds its files.
  ///
  /// Throws `Fault` where the source itself is wrong, which always stops the build, and `BadSample` where only this
  /// sample cannot be had.
  func sample(at index: Int) throws -> SampleSource

  /// XXH3 of `clip/ID`, or of `image/LIVE/ID` for a picture alone: equal means the same sample twice.
  func key(at index: Int) throws -> UInt64

  /// Hash of what the source says of these entries. A shard keeps it, so that a resumed build knows what is still right.
  func hash(of range: Range<Int>) throws -> UInt64

  /// Where the source says it, for messages: file and line where it has lines.
  func place(of index: Int) -> String
}

extension SampleCatalog {
  public func place(of index: Int) -> String { "entry \(index + 1)" }
}
