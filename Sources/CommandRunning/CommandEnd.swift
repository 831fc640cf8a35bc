import Collectives
import Faults
import Foundation
import Telemetry

/// How a command that runs on ranks ends: with one message and one exit code, and every rank with it.
public enum CommandEnd {
  /// Runs `body` and returns the code that the process must end with: its own, or that of its fault.
  ///
  /// A fault that all ranks know ends in order, and rank 0 tells it. A fault of one rank is told by that rank, written
  /// to `error.rank-R.json` in `folder`, and ends all others, which may be waiting for it.
  public static func run(
    _ communicator: any Communicator, folder: String?, _ body: (Logger) throws -> Faults.ExitCode
  ) throws -> Faults.ExitCode {
    let logger = Logger(rank: communicator.rank, rankCount: communicator.rankCount)
    do {
      let code = try body(logger)
      try communicator.finalize()
      return code
    } catch let agreed as AgreedFault {
      if communicator.isLeader { logger.error(text(agreed, communicator.rankCount)) }
      try communicator.finalize()
      return agreed.fault.code
    } catch {
      let fault = error as? Fault ?? Fault(.internalError, "\(error)")
      logger.error("\(fault)")
      if let folder { try? FirstError.record(fault, folder: folder, rank: communicator.rank) }
      communicator.abort(fault.code)
    }
  }

  /// Runs `body`, which starts the ranks if there are to be any; a fault before that is told by one process.
  public static func report(_ body: () throws -> Faults.ExitCode) throws -> Faults.ExitCode {
    do {
      return try body()
    } catch let fault as Fault {
      if LaunchRank.speaks { FileHandle.standardError.write(Data("error: \(fault)\n".utf8)) }
      return fault.code
    }
  }

  private static func text(_ agreed: AgreedFault, _ rankCount: Int) -> String {
    agreed.rank == 0 || rankCount == 1 ? "\(agreed.fault)" : "rank \(agreed.rank): \(agreed.fault)"
  }
}

/// Whether this process may speak for all before MPI has started.
public enum LaunchRank {
  public static var speaks: Bool {
    let environment = ProcessInfo.processInfo.environment
    return ["OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID"].allSatisfy {
      environment[$0] == nil || environment[$0] == "0"
    }
  }
}
