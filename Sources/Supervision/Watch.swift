import Collectives

/// A watchdog without its thread: what a rank hears of the others, and what it says of itself.
struct Watch {
  let rank: Int
  private let channel: any HeartbeatChannel
  private var clock: WatchClock
  /// When each peer was last heard, by the clock; first, when the watch began.
  private var heard: [Int: (heartbeat: Heartbeat, seconds: Double)] = [:]
  private var own = Heartbeat()
  /// The clock, and the processor's seconds, at this rank's last sign of life.
  private var lastSign: (seconds: Double, processor: Double?) = (0, nil)

  /// - Parameter period: seconds between two looks.
  init(rank: Int, channel: any HeartbeatChannel, period: Double) {
    self.rank = rank
    self.channel = channel
    clock = WatchClock(longestGap: 3 * period)
    for peer in channel.peers { heard[peer] = (Heartbeat(), 0) }
  }

  /// Tells the peers where this rank is, hears where they are, and says whether the run hangs.
  ///
  /// - Parameters:
  ///   - processor: seconds of a processor that the first thread took so far; nil where the system does not say.
  ///   - now: seconds of a clock that only goes forward.
  mutating func look(
    _ snapshot: RankProgress.Snapshot, processor: Double?, limits: HangLimits, at now: Double
  ) throws -> Hang? {
    clock.look(at: now)
    note(snapshot, processor)
    // What has come is looked at before anyone is judged: after a gap it lies there.
    for (sender, bytes) in try channel.arrivals() {
      guard let heartbeat = Heartbeat(bytes) else { continue }
      heard[sender] = (heartbeat, clock.seconds)
    }
    let bytes = own.bytes
    for peer in channel.peers { _ = try channel.post(bytes, to: peer) }
    return HangDecision.hang(ranks, watcher: rank, limits: limits)
  }

  /// All that this rank knows of, itself among them, by rank.
  var ranks: [WatchedRank] {
    let others = heard.map {
      WatchedRank(rank: $0.key, heartbeat: $0.value.heartbeat, silence: clock.seconds - $0.value.seconds)
    }
    return (others + [WatchedRank(rank: rank, heartbeat: own)]).sorted { $0.rank < $1.rank }
  }

  private mutating func note(_ snapshot: RankProgress.Snapshot, _ processor: Double?) {
    if snapshot.ticks != own.ticks { lastSign = (clock.seconds, processor) }
    own = Heartbeat(
      phase: snapshot.phase, step: snapshot.step, seconds: clock.seconds - lastSign.seconds, ticks: snapshot.ticks,
      processorSeconds: lastSign.processor.flatMap { start in processor.map { $0 - start } },
      samples: Array(snapshot.samples.prefix(Heartbeat.sampleLimit)))
  }
}
