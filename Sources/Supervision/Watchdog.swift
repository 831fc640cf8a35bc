import Collectives
import Dispatch
import Faults
import Glibc
import Synchronization
import Telemetry
import Threads

/// Ends a run that hangs with exit code 81, and says which rank is the cause.
///
/// A thread beside the first one, which may be waiting for another rank for ever, tells the other ranks about once a second
/// where this one is. Between two looks it sleeps.
public final class Watchdog: Sendable {
  private let communicator: any Communicator
  private let channel: any HeartbeatChannel
  private let progress: RankProgress
  private let identities: [RankIdentity]
  private let folder: String?
  private let option: String
  private let logger: Logger
  private let period: Double
  private let limits: Mutex<HangLimits>
  private let durations = Mutex(StepDurations())
  private let firstThread = ProcessorClock()
  private let isEnding = DispatchSemaphore(value: 0)
  private let hasEnded = DispatchSemaphore(value: 0)

  /// Seconds in which the cause of an end must be told: the disk that a rank hangs on may be that of the run's folder.
  private static let tellingSeconds = 5.0

  /// Begins to watch, from the thread that does the run's work. Collective. nil where limits of 0 seconds switch it off
  /// on any rank.
  ///
  /// - Parameters:
  ///   - folder: of the run, for the record of a hang; nil for a command that is no run.
  ///   - option: what raises the limits, for the message.
  ///   - identities: of all ranks, by rank.
  public static func start(
    _ limits: HangLimits, progress: RankProgress, folder: String?, option: String = "safety.hang_seconds",
    identities: [RankIdentity], over communicator: any Communicator, logger: Logger
  ) throws -> Watchdog? {
    guard try communicator.allReduceMin(limits.floor > 0 ? 1 : 0) > 0 else { return nil }
    let count = communicator.rankCount
    guard let channel = try communicator.heartbeatChannel({ HangDecision.peers(of: $0, rankCount: count) }) else {
      return nil
    }
    let watchdog = Watchdog(limits, progress, folder, option, communicator, channel, identities, logger)
    let thread = WorkerThread { watchdog.run() }
    guard thread != nil else {
      throw Fault(.internalError, "The system gives no thread to watch the run", remedy: "Raise the limit of processes")
    }
    return watchdog
  }

  private init(
    _ limits: HangLimits, _ progress: RankProgress, _ folder: String?, _ option: String,
    _ communicator: any Communicator, _ channel: any HeartbeatChannel, _ identities: [RankIdentity], _ logger: Logger
  ) {
    (self.progress, self.folder, self.option, self.communicator) = (progress, folder, option, communicator)
    (self.channel, self.identities, self.logger) = (channel, identities, logger)
    period = min(1, limits.floor / 10)
    self.limits = Mutex(limits)
  }

  /// A step took so long, evaluation and checkpoint left out: longer deadlines for longer steps.
  public func note(stepSeconds: Double) { durations.withLock { $0.note(stepSeconds) } }

  /// Changes the limits, but for the period of the looks.
  public func use(_ limits: HangLimits) { self.limits.withLock { $0 = limits } }

  /// Ends the watch of an orderly run. Collective; never on an error path, where it watches to the end.
  public func end() throws {
    // Until all are here, all are watched.
    try communicator.barrier()
    isEnding.signal()
    hasEnded.wait()
    try channel.close()
  }

  /// Ends the watch of this rank alone, which then ends the run itself.
  public func leave() { isEnding.signal() }

  private func run() {
    var watch = Watch(rank: communicator.rank, channel: channel, period: period)
    while isEnding.wait(timeout: .now() + period) == .timedOut {
      var limits = limits.withLock { $0 }
      limits.stepPercentile = durations.withLock { $0 }.percentile99
      do {
        let hang = try watch.look(
          progress.snapshot, processor: firstThread.seconds, limits: limits,
          at: Double(monotonicNanoseconds()) * 1e-9)
        guard let hang else { continue }
        let report = HangReport(
          hang: hang, ranks: watch.ranks.map(upToDate), identities: identities, isOfRun: folder != nil, option: option)
        let who = folder == nil ? "a rank" : "the run"
        end(report.fault, "\(who) hangs; all ranks that rank \(communicator.rank) knows of:\n\(report.table)")
      } catch {
        end(error as? Fault ?? Fault(.internalError, "\(error)"), nil)
      }
    }
    hasEnded.signal()
  }

  /// A rank that has fallen silent on this machine has gone on since it was last heard, for as long as it could: what its
  /// memory says is newer.
  private func upToDate(_ rank: WatchedRank) -> WatchedRank {
    let (identity, own) = (identities[rank.rank], identities[communicator.rank])
    guard rank.silence > 2 * period, identity.host == own.host,
      let reading = identity.position.read(process: identity.processID)
    else { return rank }
    var rank = rank
    (rank.heartbeat.phase, rank.heartbeat.step) = (reading.phase, reading.step)
    rank.heartbeat.samples = Array(reading.samples.prefix(Heartbeat.sampleLimit))
    return rank
  }

  private func end(_ fault: Fault, _ table: String?) -> Never {
    let isTold = DispatchSemaphore(value: 0)
    let (logger, folder, rank) = (logger, folder, communicator.rank)
    let thread = WorkerThread {
      if let table { logger.error(table) }
      logger.error("\(fault)")
      if let folder { try? FirstError.record(fault, folder: folder, rank: rank) }
      isTold.signal()
    }
    if thread != nil { _ = isTold.wait(timeout: .now() + Self.tellingSeconds) }
    communicator.abort(fault.code)
  }
}
