import ArgumentParser
import CommandRunning
import Faults
import Glibc

/// How a command ends: a fault becomes `sgmn-shard: error: …` on stderr and its exit code.
enum CommandLineMain {
  static func run(_ root: any ParsableCommand.Type) -> Never {
    do {
      var command = try root.parseAsRoot()
      // Workers are told by the command that starts them.
      if !(command is DecodeWorkerCommand) { try CommandEnd.checkFailpoints() }
      try command.run()
      Glibc.exit(ExitCode.done.rawValue)
    } catch let fault as Fault {
      ProgressLine.clear()
      // What is wrong before there are ranks is wrong on each of them: one says so.
      if LaunchRank.speaks {
        print(error: "sgmn-shard: \(fault.code == .stoppedWithCheckpoint ? "" : "error: ")\(fault)")
      }
      Glibc.exit(fault.code.rawValue)
    } catch let code as ArgumentParser.ExitCode {
      Glibc.exit(code.rawValue)
    } catch let error where root.exitCode(for: error) == .failure {
      // Neither a fault nor a matter of the command line: a mistake of ours.
      print(error: "sgmn-shard: error: \(Fault(.internalError, "\(error)", remedy: "Report it"))")
      Glibc.exit(ExitCode.internalError.rawValue)
    } catch {
      root.exit(withError: error)  // ArgumentParser's own: help on stdout, usage errors on stderr with code 64
    }
  }

  static func print(error text: String) { write(text + "\n") }

  static func write(_ text: String) {
    let bytes = Array(text.utf8)
    _ = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }
}
