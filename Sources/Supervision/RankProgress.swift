import Glibc
import Synchronization

/// Where a rank is, as its first thread says and its watchdog reads. Telling costs a lock that is hardly ever waited for.
public final class RankProgress: Sendable {
  /// One consistent look.
  public struct Snapshot: Sendable, Equatable {
    public var phase = Phase.starting
    public var step = 0
    /// Nanoseconds of CLOCK_MONOTONIC at which the phase began or last went on.
    public var since: UInt64 = 0
    /// Counts the signs of life: phases begun and parts of them done.
    public var ticks: UInt64 = 0
    /// Of the step that is under way, or the last one.
    public var samples: [String] = []
  }

  private struct State {
    var snapshot = Snapshot()
    /// When the phase began.
    var phaseStart: UInt64
    /// How long the first thread had waited for a processor by then.
    var delayAtStart: UInt64
    /// Nanoseconds in each phase since they were last taken, the waits for a processor left out.
    var nanoseconds = [UInt64](repeating: 0, count: Phase.allCases.count)
    /// Nanoseconds of these waits.
    var delayed = [UInt64](repeating: 0, count: Phase.allCases.count)
  }

  private let state: Mutex<State>
  let visiblePosition = VisiblePosition()

  private let processorQueue = ProcessorQueue()

  /// To be made by the rank's first thread, which then calls `enter`.
  public init() {
    let now = monotonicNanoseconds()
    var state = State(phaseStart: now, delayAtStart: processorQueue.nanoseconds)
    state.snapshot.since = now
    self.state = Mutex(state)
  }

  /// The rank begins a phase.
  public func enter(_ phase: Phase, step: Int) {
    state.withLock { state in
      let (now, delay) = (monotonicNanoseconds(), processorQueue.nanoseconds)
      let (place, elapsed) = (Int(state.snapshot.phase.rawValue), now - state.phaseStart)
      let delayed = min(elapsed, delay - min(delay, state.delayAtStart))
      state.nanoseconds[place] += elapsed - delayed
      state.delayed[place] += delayed
      (state.phaseStart, state.delayAtStart) = (now, delay)
      state.snapshot.phase = phase
      state.snapshot.step = step
      state.snapshot.since = now
      state.snapshot.ticks += 1
      visiblePosition.set(phase, step: step)
    }
  }

  /// The rank goes on within a phase that has many parts: a batch of an evaluation, a file of a checkpoint. Of another
  /// phase than the rank is in it says nothing, for a thread beside the first one may do the parts.
  public func tick(_ phase: Phase) {
    state.withLock { state in
      guard state.snapshot.phase == phase else { return }
      state.snapshot.since = monotonicNanoseconds()
      state.snapshot.ticks += 1
    }
  }

  /// The samples of the step that is under way, for a report of what the rank was at.
  public func note(samples: [String]) {
    state.withLock { state in
      state.snapshot.samples = samples
      visiblePosition.set(samples: samples)
    }
  }

  public var snapshot: Snapshot { state.withLock { $0.snapshot } }

  /// Seconds that the rank was in a phase.
  public struct PhaseSeconds: Sendable, Equatable {
    /// In which its first thread ran, or waited for something else than a processor.
    public var own = 0.0
    /// In which it could have run and the system ran others; 0 where the system does not say.
    public var delayed = 0.0
  }

  /// The times in `phases` since this was last asked for; the phase that the rank is in is not among them.
  public func takeSeconds(in phases: [Phase]) -> [PhaseSeconds] {
    state.withLock { state in
      phases.map { phase in
        let place = Int(phase.rawValue)
        defer { (state.nanoseconds[place], state.delayed[place]) = (0, 0) }
        return PhaseSeconds(
          own: Double(state.nanoseconds[place]) * 1e-9, delayed: Double(state.delayed[place]) * 1e-9)
      }
    }
  }
}

/// CLOCK_MONOTONIC, which nobody sets.
func monotonicNanoseconds() -> UInt64 {
  var now = timespec()
  clock_gettime(CLOCK_MONOTONIC, &now)
  return UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
}
