import ArgumentParser
import CommandRunning
import Foundation

/// `sgmn-train` trains; `sgmn-train bench` is another command.
@main
enum Main {
  /// A wrong command line is wrong on every rank: one of them says so.
  static func main() {
    let arguments = Array(CommandLine.arguments.dropFirst())
    let isBenchmark = arguments.first == "bench"
    let root: any ParsableCommand.Type = isBenchmark ? Bench.self : SGMNTrain.self
    do {
      var command = try root.parseAsRoot(isBenchmark ? Array(arguments.dropFirst()) : arguments)
      try command.run()
    } catch {
      let code = root.exitCode(for: error).rawValue
      guard LaunchRank.speaks || error is ArgumentParser.ExitCode else { Foundation.exit(code) }
      root.exit(withError: error)
    }
  }
}
