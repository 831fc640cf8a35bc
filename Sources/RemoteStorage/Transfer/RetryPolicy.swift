import Randomness

/// When a request is tried again, and how long to wait before.
public struct RetryPolicy: Sendable, Equatable {
  /// Tries of one request, the first among them. A try that brought `progressByteCount` bytes starts the count anew: a
  /// download goes on where it was.
  public var tryCount = 8
  /// Tries of a request whose response is not what was asked for: a wrong length, a wrong range.
  public var violationTryCount = 3
  /// Seconds of the first wait; every further one is twice as long, up to `longestSeconds`.
  public var firstSeconds = 0.25
  public var longestSeconds = 15.0
  /// A server may ask for a longer wait (Retry-After), up to this.
  public var longestAskedSeconds = 60.0
  public var progressByteCount = 1 << 20

  public init() {}

  /// Seconds to wait after the try `number` (from 1): between half of the full wait and all of it, so that many ranks do
  /// not come back at once.
  func seconds(afterTry number: Int, asked: Double?, random: inout RandomStream) -> Double {
    let doublings = Double(1 << min(30, max(0, number - 1)))
    let own = min(longestSeconds, firstSeconds * doublings) * random.uniform(0.5, 1)
    return max(own, min(asked ?? 0, longestAskedSeconds))
  }

  /// Statuses that a later try may not meet.
  static let transientStatuses: Set<Int> = [408, 425, 429, 500, 502, 503, 504]
}
