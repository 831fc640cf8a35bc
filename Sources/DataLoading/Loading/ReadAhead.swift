import ShardFormat

/// Announces what the coming steps read to the storage of a set, on a thread of its own: a disk then reads long
/// stretches in order, where the samples of a batch lie scattered, and whole shards are fetched before they are needed.
final class ReadAhead {
  private let state: State
  private let thread: ReaderThreads

  /// Nil where nothing is to be read ahead: no bytes for it, or an order without windows. A storage that fetches whole
  /// shards is told in any case, as many as it keeps. `tokens` are token features, which are read too.
  init?(
    set: ShardSet, schedule: BatchSchedule, byteLimit: Int, tokens: Bool, localRank: Int, localRankCount: Int,
    firstStep: Int
  ) {
    let state = State(step: firstStep)
    if let capacity = set.storage.wholeFileCapacity {
      let plan = ShardAheadPlan(
        set, schedule, capacity: capacity, localRank: localRank, localRankCount: localRankCount)
      thread = ReaderThreads(count: 1) {
        var plan = plan
        while let step = state.next() {
          guard let shards = plan.shards(atStep: step) else { continue }
          set.storage.willOpen(shards.map { set.index.shards[$0].name })
        }
      }
    } else {
      guard byteLimit > 0, schedule.hasWindows, set.count > 0 else { return nil }
      let sampleByteCount = max(1, set.index.byteCount / set.count)
      let plan = ReadAheadPlan(
        schedule, sampleLimit: byteLimit / sampleByteCount, localRank: localRank, localRankCount: localRankCount)
      thread = ReaderThreads(count: 1) {
        var plan = plan
        while let step = state.next() {
          for stretch in plan.due(atStep: step) where !state.isStopped {
            let samples = schedule.trainableSamples[stretch]
            if let first = samples.first, let last = samples.last {
              set.willRead(Int(first)..<Int(last) + 1, tokens: tokens)
            }
          }
        }
      }
    }
    self.state = state
  }

  /// A step begins.
  func reach(step: Int) { state.reach(step) }

  func stop() {
    state.stop()
    thread.join()
  }

  /// What the caller and the thread share; everything under the monitor's lock.
  private final class State: @unchecked Sendable {
    private let monitor = Monitor()
    private var reached: Int
    private var seen = -1
    private var ended = false

    init(step: Int) { reached = step }

    var isStopped: Bool { monitor.locked { ended } }

    /// The newest step, when there is one that was not given before; nil after the end.
    func next() -> Int? {
      monitor.locked {
        while reached == seen, !ended { _ = monitor.wait() }
        guard !ended else { return nil }
        seen = reached
        return seen
      }
    }

    func reach(_ step: Int) {
      monitor.locked {
        reached = max(reached, step)
        monitor.announce()
      }
    }

    func stop() {
      monitor.locked {
        ended = true
        monitor.announce()
      }
    }
  }
}
