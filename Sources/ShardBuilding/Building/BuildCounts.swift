import DurableFiles

/// How far a rank is.
struct BuildCounts: Sendable, Equatable {
  /// Entries that were built or left out, without those that were there before.
  var doneCount = 0
  var leftOutCount = 0
  /// Bytes of encoded samples.
  var byteCount = 0
  var shardCount = 0

  static func + (a: BuildCounts, b: BuildCounts) -> BuildCounts {
    BuildCounts(
      doneCount: a.doneCount + b.doneCount, leftOutCount: a.leftOutCount + b.leftOutCount,
      byteCount: a.byteCount + b.byteCount, shardCount: a.shardCount + b.shardCount)
  }
}
