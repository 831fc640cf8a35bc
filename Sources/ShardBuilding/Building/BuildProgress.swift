/// How far a build is, over all ranks.
public struct BuildProgress: Sendable, Equatable {
  /// Entries that this run has built or left out.
  public var doneCount = 0
  /// Entries that this run has to build: without those of shards that were kept.
  public var entryCount = 0
  public var keptCount = 0
  public var leftOutCount = 0
  /// Bytes written.
  public var byteCount = 0
  /// Since the first entry was begun.
  public var seconds = 0.0

  public var isDone: Bool { doneCount == entryCount }
  var share: Double { entryCount > 0 ? Double(doneCount) / Double(entryCount) : 1 }

  /// Of the whole run: an estimate that does not jump.
  public var entriesPerSecond: Double { seconds > 0 ? Double(doneCount) / seconds : 0 }
  public var secondsLeft: Double? {
    doneCount > 0 && seconds > 0 ? seconds / Double(doneCount) * Double(entryCount - doneCount) : nil
  }
}
