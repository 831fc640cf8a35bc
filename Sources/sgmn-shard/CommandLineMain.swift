import ArgumentParser
import CommandRunning
import Faults
import Glibc

/// How a command ends: a fault becomes `sgmn-shard: error: …` on stderr and its exit code.
enum CommandLineMain {
  static func run(_ root: any ParsableCommand.Type) -> Never {
    var isWorker = false
    do {
      var command = try root.parseAsRoot()
      isWorker = command is DecodeWorkerCommand
      // Workers are told by the command that starts them.
      if !isWorker { try CommandEnd.checkFailpoints() }
      try command.run()
      Glibc.exit(ExitCode.done.rawValue)
    } catch let fault as Fault {
      ProgressLine.clear()
      if isWorker, !LaunchRank.speaks { Glibc.exit(fault.code.rawValue) }
      LaunchRank.tell("sgmn-shard: \(fault.code == .stoppedWithCheckpoint ? "" : "error: ")\(fault)")
      Glibc.exit(fault.code.rawValue)
    } catch let code as ArgumentParser.ExitCode {
      Glibc.exit(code.rawValue)
    } catch let error where root.exitCode(for: error) == .failure {
      // Neither a fault nor a matter of the command line: a mistake of ours.
      print(error: "sgmn-shard: error: \(Fault(.internalError, "\(error)", remedy: "Report it"))")
      Glibc.exit(ExitCode.internalError.rawValue)
    } catch let error where root.exitCode(for: error).isSuccess {
      // Help, on stdout.
      if LaunchRank.speaks { root.exit(withError: error) }
      Glibc.exit(ExitCode.done.rawValue)
    } catch {
      LaunchRank.tell(root.fullMessage(for: error))
      Glibc.exit(root.exitCode(for: error).rawValue)
    }
  }

  static func print(error text: String) { write(text + "\n") }

  static func write(_ text: String) {
    let bytes = Array(text.utf8)
    _ = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }
}
