/// A rank as a watchdog knows it.
struct WatchedRank: Sendable, Equatable {
  var rank: Int
  /// The last one; that of a rank at its start where none has come.
  var heartbeat = Heartbeat()
  /// Seconds since then.
  var silence = 0.0

  /// Seconds since its last sign of life.
  var seconds: Double { heartbeat.seconds + silence }
}
