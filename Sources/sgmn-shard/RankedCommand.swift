import ArgumentParser
import Collectives
import CommandRunning
import Faults

/// A subcommand that runs alone or on the ranks of an `mpirun`.
enum RankedCommand {
  /// Runs `body` on every rank. Alone, a fault is thrown, for `CommandLineMain` to tell; on ranks one of them tells it,
  /// and all end with its exit code.
  static func run(_ body: (any Communicator) throws -> Void) throws {
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
    let code = try CommandEnd.run(communicator, folder: nil) { _ in
      try body(communicator)
      return .done
    }
    throw ArgumentParser.ExitCode(code.rawValue)
  }
}
