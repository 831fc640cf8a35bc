#if canImport(Glibc)
  import Glibc
#endif

/// Seconds of a clock that nobody sets.
func monotonicSeconds() -> Double {
  var now = timespec()
  clock_gettime(CLOCK_MONOTONIC, &now)
  return Double(now.tv_sec) + Double(now.tv_nsec) * 1e-9
}

/// Rates of the last steps, each step counting less the older it is.
struct StepTimer {
  private var started = monotonicSeconds()
  private var smoothedSeconds: Double?
  private var smoothedWait = 0.0

  /// How much of the average a new step is.
  private static let weight = 0.1

  mutating func start() { started = monotonicSeconds() }

  /// Ends a step and returns its seconds.
  mutating func finish(waitSeconds: Double) -> Double {
    let seconds = monotonicSeconds() - started
    let weight = smoothedSeconds == nil ? 1 : StepTimer.weight
    smoothedSeconds = (smoothedSeconds ?? 0) * (1 - weight) + seconds * weight
    smoothedWait = smoothedWait * (1 - weight) + waitSeconds * weight
    return seconds
  }

  var secondsPerStep: Double? { smoothedSeconds }
  /// The share of a step's time spent waiting for data.
  var waitShare: Double? { smoothedSeconds.map { $0 > 0 ? min(1, smoothedWait / $0) : 0 } }
}
