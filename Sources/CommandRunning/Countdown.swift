import Glibc

/// A time limit that threads watch beside MPI.
enum Countdown {
  /// Waits for the end of `limit`; false where `isOver` says before that it is not needed any more.
  ///
  /// Begins anew where this process was stopped and goes on: whoever lets it go on either waits for it, or is a launcher
  /// that kills it in a moment because another rank has told of the hang, which must not be told twice.
  static func ends(_ limit: Duration, unless isOver: () -> Bool = { false }) -> Bool {
    var begin = ContinuousClock.now
    var last = begin
    while last - begin < limit {
      usleep(100_000)
      guard !isOver() else { return false }
      let now = ContinuousClock.now
      if now - last > .seconds(1) { begin = now }
      last = now
    }
    return true
  }
}
