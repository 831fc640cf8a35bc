/// Where the time of one exchange went, on this rank.
public struct ExchangeTimes: Sendable, Equatable {
  /// One bucket on its way.
  public struct Journey: Sendable, Equatable {
    public var bucket: Int
    /// Seconds of CLOCK_MONOTONIC.
    public var start: Double
    public var end: Double
  }

  /// Seconds in which the main thread waited for buckets, or sent them itself.
  public var exposedSeconds = 0.0
  /// In the order of sending.
  public var journeys: [Journey] = []

  /// Seconds in which a bucket was on its way, behind the backward pass or not.
  public var communicationSeconds: Double { journeys.reduce(0) { $0 + $1.end - $1.start } }

  public init() {}
}
