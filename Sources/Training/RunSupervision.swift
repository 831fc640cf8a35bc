import Collectives
import Faults
import RemoteStorage
import Supervision
import Telemetry

/// How the ranks of a run watch each other: for hangs (exit code 81), and for ranks that are slow.
final class RunSupervision {
  let progress = RankProgress()
  private let watchdog: Watchdog?
  private let communicator: any Communicator
  private let logger: Logger
  private let looksForStragglers: Bool
  private var window = PaceWindow()
  private var stragglers: StragglerWatch

  /// The parts of a step in which a rank waits for no other.
  private static let ownPhases: [RankProgress.Phase] = [.data, .forward, .backward, .update]
  private static let parts = ownPhases.map { StepPart($0.name) } + [.processor]

  /// Begins to watch, from the thread that trains. Collective.
  init(_ configuration: RunConfiguration, folder: String, communicator: any Communicator, logger: Logger) throws {
    let identities = try RankIdentity.all(progress, over: communicator)
    stragglers = StragglerWatch(
      factor: configuration.safety.stragglerFactor, parts: Self.parts, hosts: identities.map(\.host))
    looksForStragglers = communicator.rankCount > 1 && configuration.safety.stragglerFactor > 0
    (self.communicator, self.logger) = (communicator, logger)
    watchdog = try Watchdog.start(
      configuration.hangLimits(readsStall: true), progress: progress, folder: folder, identities: identities,
      over: communicator, logger: logger)
  }

  deinit { watchdog?.leave() }

  /// Once the training shards have been opened: who keeps them is only asked while the watch goes on, for a file server
  /// that hangs does not answer that either.
  func noteStorage(of configuration: RunConfiguration) {
    watchdog?.use(configuration.hangLimits(readsStall: FileSystem.isServed(configuration.data.train)))
  }

  /// After every step, `step` of which are done. Collective.
  func endStep(_ step: Int) throws {
    progress.enter(.comparison, step: step)
    let phases = RankProgress.Phase.ofStep
    let seconds = Dictionary(uniqueKeysWithValues: zip(phases, progress.takeSeconds(in: phases)))
    let stepSeconds = seconds.values.reduce(0) { $0 + $1.own + $1.delayed }
    watchdog?.note(stepSeconds: stepSeconds)
    let own = Self.ownPhases.compactMap { seconds[$0] }
    guard looksForStragglers,
      let pace = window.note(own.map(\.own) + [own.reduce(0) { $0 + $1.delayed }], stepSeconds: stepSeconds)
    else { return }
    try compare(pace)
  }

  private func compare(_ pace: RankPace) throws {
    let all = try communicator.allGather(pace.bytes)
    guard communicator.isLeader else { return }
    let paces = all.compactMap { RankPace($0, partCount: Self.parts.count) }
    for line in stragglers.lines(paces, at: monotonicSeconds()) { logger.warning(line) }
  }

  /// Ends the watch of an orderly run, or of one that all ranks end for the same fault. Collective.
  func end() throws { try watchdog?.end() }
}

extension RunConfiguration {
  /// Readers of remote storage try again for long: they may wait longer than a computation.
  ///
  /// - Parameter readsStall: whether files may, too, because a server has them that comes back after a while.
  func hangLimits(readsStall: Bool) -> HangLimits {
    let isRemote = [data.train, evaluation.shards].contains(where: ShardLocation.isRemote)
    let remoteSeconds = isRemote ? RemoteSettings().longestRequestSeconds : 0
    return HangLimits(
      floor: safety.hangSeconds, long: max(safety.longHangSeconds, remoteSeconds),
      data: max((readsStall ? 6 : 1) * safety.hangSeconds, remoteSeconds))
  }
}
