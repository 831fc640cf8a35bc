import Glibc

/// What a decoder spent its time on; sums since it was made.
public struct ShardTimings: Sendable, Equatable {
  /// Waiting for the storage.
  public var readSeconds = 0.0
  /// Hashing what was read.
  public var checkSeconds = 0.0
  /// zstd, and undoing the predictor.
  public var decodeSeconds = 0.0
  /// Bytes read.
  public var storedByteCount = 0
  /// Bytes of pictures in memory.
  public var pictureByteCount = 0

  public init() {}

  public static func + (a: ShardTimings, b: ShardTimings) -> ShardTimings {
    var sum = a
    sum.readSeconds += b.readSeconds
    sum.checkSeconds += b.checkSeconds
    sum.decodeSeconds += b.decodeSeconds
    sum.storedByteCount += b.storedByteCount
    sum.pictureByteCount += b.pictureByteCount
    return sum
  }
}

enum MonotonicSeconds {
  /// Seconds of a clock that never jumps.
  static var now: Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
