@preconcurrency import Glibc
import Synchronization
import Threads

/// The times in which this process did not run, because its whole job was stopped.
///
/// Nobody tells a process that it was stopped. A thread that looks at the clock ten times a second finds the gap.
enum StoppedTime {
  /// Nanoseconds of the monotonic clock, 0 for never: the thread's last look, and when it last found itself going on.
  private static let lastLook = Atomic<UInt64>(0)
  private static let lastReturn = Atomic<UInt64>(0)
  private static let isWatched = Atomic(false)

  private static let interval: UInt32 = 100_000  // µs
  /// A second is more than a busy machine leaves a thread that only looks at a clock, as a rule.
  private static let shortestStop: UInt64 = 1_000_000_000
  /// How long the news of a return may take to come through a launcher, on every machine.
  private static let returnTime: UInt64 = 2_000_000_000

  /// Looks from now on. May be called again.
  static func watch() {
    guard !isWatched.exchange(true, ordering: .relaxed) else { return }
    lastReturn.store(0, ordering: .relaxed)  // no handler meets its first use
    let thread = WorkerThread {
      while true {
        let (time, last) = (now(), lastLook.load(ordering: .relaxed))
        // The return first: who sees the new look must see it, too.
        if last > 0, time > last + shortestStop { lastReturn.store(time, ordering: .relaxed) }
        lastLook.store(time, ordering: .releasing)
        usleep(interval)
      }
    }
    // Without a thread no gap is seen, and every SIGCONT counts.
    if thread == nil { isWatched.store(false, ordering: .relaxed) }
  }

  /// Whether the process goes on, since a moment ago, after it was stopped for a second or longer. For signal handlers:
  /// only atomics and the clock.
  static var hasJustEnded: Bool {
    let (time, look) = (now(), lastLook.load(ordering: .acquiring))
    let ended = lastReturn.load(ordering: .relaxed)
    return look > 0 && time > look + shortestStop || ended > 0 && time < ended + returnTime
  }

  private static func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
