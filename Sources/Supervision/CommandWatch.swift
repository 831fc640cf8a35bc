import Collectives
import Telemetry

/// How the ranks of a command that has no run's folder watch each other for hangs (exit code 81).
public enum CommandWatch {
  /// Runs `body`, and watches until all ranks have ended it, or end for the same fault. Collective.
  ///
  /// - Parameters:
  ///   - limits: floors of 0 seconds switch it off.
  ///   - option: what raises the limits, for the message.
  ///   - body: gets what it tells where this rank is. Of one that tells nothing is known whether its process lives.
  public static func run<Value>(
    _ limits: HangLimits, option: String, over communicator: any Communicator, logger: Logger,
    _ body: (RankProgress) throws -> Value
  ) throws -> Value {
    let progress = RankProgress()
    progress.enter(.work, step: 0)
    let identities = try RankIdentity.all(progress, over: communicator)
    let watchdog = try Watchdog.start(
      limits, progress: progress, folder: nil, option: option, identities: identities, over: communicator,
      logger: logger)
    // Where this rank alone fails it ends all the others.
    defer { watchdog?.leave() }
    let result: Result<Value, AgreedFault>
    do {
      result = .success(try body(progress))
    } catch let agreed as AgreedFault {
      result = .failure(agreed)
    }
    try watchdog?.end()
    return try result.get()
  }
}
