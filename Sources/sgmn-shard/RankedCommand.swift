import ArgumentParser
import Collectives
import CommandRunning
import Faults
import Supervision

/// A subcommand that runs alone or on the ranks of an `mpirun`.
enum RankedCommand {
  /// For how long a rank may be silent where nobody says.
  static let hangSeconds = 60.0

  /// Runs `body` on every rank. Alone, a fault is thrown, for `CommandLineMain` to tell; on ranks one of them tells it,
  /// and all end with its exit code.
  ///
  /// - Parameter hangSeconds: for which a rank may be silent; 0 for ever.
  static func run(hangSeconds: Double = hangSeconds, _ body: (any Communicator) throws -> Void) throws {
    let startLimit = StartLimit()
    let communicator = try Ranks.start()
    startLimit.end()
    guard !(communicator is SoloCommunicator) else {
      do {
        return try body(communicator)
      } catch let agreed as AgreedFault {
        throw agreed.fault
      }
    }
    func endSeconds() -> Double? { hangSeconds > 0 ? 3 * hangSeconds : nil }
    let code = try CommandEnd.run(communicator, folder: nil, endSeconds: endSeconds) { logger in
      // How long its parts take nobody knows: only a process that says nothing any more counts as hung.
      let limits = HangLimits(floor: hangSeconds, long: .infinity, data: .infinity)
      try CommandWatch.run(limits, option: "--hang-seconds", over: communicator, logger: logger) { _ in
        try body(communicator)
      }
      return .done
    }
    throw ArgumentParser.ExitCode(code.rawValue)
  }
}
