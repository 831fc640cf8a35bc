import Glibc

/// The processor time of the thread that made it.
struct ProcessorClock: Sendable {
  private let clock: clockid_t?

  init() {
    var clock = clockid_t()
    self.clock = pthread_getcpuclockid(pthread_self(), &clock) == 0 ? clock : nil
  }

  /// Seconds since the thread began, asked from any thread; nil where the system does not say.
  var seconds: Double? {
    guard let clock else { return nil }
    var time = timespec()
    guard clock_gettime(clock, &time) == 0 else { return nil }
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
