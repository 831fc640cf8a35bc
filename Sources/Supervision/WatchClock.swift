/// The seconds during which a watchdog has watched.
///
/// Where it could not look for long (its machine slept, the whole job was stopped and goes on), what the others have done
/// meanwhile is not known, so such a gap counts as one of `longestGap`.
struct WatchClock {
  let longestGap: Double
  private(set) var seconds = 0.0
  private var last: Double?

  init(longestGap: Double) { self.longestGap = longestGap }

  /// A look at `now`, in seconds of a clock that only goes forward.
  mutating func look(at now: Double) {
    if let last { seconds += min(longestGap, max(0, now - last)) }
    last = now
  }
}
