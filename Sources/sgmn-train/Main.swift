import ArgumentParser
import CommandRunning
import Foundation

/// `sgmn-train` trains; `sgmn-train bench` and `sgmn-train checkpoint` are other commands.
@main
enum Main {
  private static let others: [String: any ParsableCommand.Type] = [
    "bench": Bench.self, "checkpoint": CheckpointCommand.self,
  ]

  /// A wrong command line is wrong on every rank: one of them says so.
  static func main() {
    let arguments = Array(CommandLine.arguments.dropFirst())
    let other = arguments.first.flatMap { others[$0] }
    let root = other ?? SGMNTrain.self
    do {
      var command = try root.parseAsRoot(other == nil ? arguments : Array(arguments.dropFirst()))
      try command.run()
    } catch {
      let code = root.exitCode(for: error)
      if code.isSuccess, !LaunchRank.speaks { Foundation.exit(code.rawValue) }  // help, which one prints
      if code.isSuccess || error is ArgumentParser.ExitCode { root.exit(withError: error) }
      LaunchRank.tell(root.fullMessage(for: error))
      Foundation.exit(code.rawValue)
    }
  }
}
