/// Where the lines of a source start, and what their keys are: 16 bytes a line.
public struct LineTable: Sendable, Equatable {
  /// Counted through the files laid end to end; ascending.
  public var starts: [UInt64]
  /// `SampleCatalog.key` of each line.
  public var keys: [UInt64]

  public init(starts: [UInt64] = [], keys: [UInt64] = []) {
    self.starts = starts
    self.keys = keys
  }

  public var count: Int { starts.count }

  /// The tables of consecutive parts of a source as one.
  public static func joined(_ parts: [LineTable]) -> LineTable {
    LineTable(starts: parts.flatMap(\.starts), keys: parts.flatMap(\.keys))
  }
}
