import Faults

/// A damaged sample that another one stands in for.
public struct SkippedSample: Sendable, Equatable {
  /// Place in the epoch.
  public var place: Int
  public var sampleNumber: Int
  /// What is wrong; it names shard, byte and clip.
  public var fault: Fault
}
