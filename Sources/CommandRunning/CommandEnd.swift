import Collectives
import Failpoints
import Faults
import Foundation
import Telemetry
import Threads

/// How a command that runs on ranks ends: with one message and one exit code, and every rank with it.
public enum CommandEnd {
  /// Runs `body` and returns the code that the process must end with: its own, or that of its fault.
  ///
  /// A fault that all ranks know is told by rank 0, and ends all when each has written what it has to say. A fault of one
  /// rank is told by that rank, written to `error.rank-R.json` in `folder`, and ends all others, which may be waiting for
  /// it. In both cases through `abort`: MPI is only finalized where nothing went wrong, for it would wait for whatever is
  /// still under way.
  ///
  /// - Parameter endSeconds: how long the ranks may take to end together once `body` has, asked then; nil for as long
  ///   as they like.
  public static func run(
    _ communicator: any Communicator, folder: String?, endSeconds: () -> Double? = { nil },
    _ body: (Logger) throws -> Faults.ExitCode
  ) throws -> Faults.ExitCode {
    let logger = Logger(rank: communicator.rank, rankCount: communicator.rankCount)
    do {
      let code = try body(logger)
      limit(endSeconds(), communicator, logger, .hang, "The work is done and saved")
      try Failpoint.runEnd.hit()
      try communicator.finalize()
      return code
    } catch let agreed as AgreedFault {
      limit(endSeconds(), communicator, logger, agreed.fault.code, "All ranks know of the error")
      if communicator.isLeader { logger.error(text(agreed, communicator.rankCount)) }
      try? communicator.barrier()
      guard agreed.fault.code == .stoppedWithCheckpoint else { communicator.abort(agreed.fault.code) }
      try communicator.finalize()
      return agreed.fault.code
    } catch {
      let fault = fault(error)
      logger.error("\(fault)")
      if let folder {
        do {
          try FirstError.record(fault, folder: folder, rank: communicator.rank)
        } catch {
          logger.warning("there is no record of it: \(error)")
        }
      }
      communicator.abort(fault.code)
    }
  }

  /// Ends all ranks after so many seconds. A process that has ended by then does not get so far. Rank 0 tells it, and
  /// where it is silent the others.
  private static func limit(
    _ seconds: Double?, _ communicator: any Communicator, _ logger: Logger, _ code: Faults.ExitCode, _ what: String
  ) {
    guard let seconds else { return }
    _ = WorkerThread {
      _ = Countdown.ends(.seconds(seconds + (communicator.isLeader ? 0 : 1)))
      let fault = Fault(
        code, "\(what), but a rank does not end: \(Format.duration(seconds: seconds)) have passed",
        remedy: "Look at the machines of the ranks")
      logger.error("\(fault)")
      communicator.abort(code)
    }
  }

  /// Runs `body`, which starts the ranks if there are to be any; a fault before that is told by one process.
  public static func report(_ body: () throws -> Faults.ExitCode) throws -> Faults.ExitCode {
    do {
      try checkFailpoints()
      return try body()
    } catch {
      let fault = fault(error)
      LaunchRank.tell("error: \(fault)")
      return fault.code
    }
  }

  /// Warns of what a test has armed in this process; throws `Fault(.usage)` where that is nothing that can be.
  public static func checkFailpoints() throws {
    for line in try ArmedFailpoints.check() where LaunchRank.speaks { Logger().warning(line) }
  }

  /// What is thrown that is no `Fault` is a mistake of ours.
  private static func fault(_ error: any Error) -> Fault {
    error as? Fault ?? Fault(.internalError, "\(error)", remedy: "Report it")
  }

  private static func text(_ agreed: AgreedFault, _ rankCount: Int) -> String {
    agreed.rank == 0 || rankCount == 1 ? "\(agreed.fault)" : "rank \(agreed.rank): \(agreed.fault)"
  }
}

/// Ranks before MPI has started: what is wrong then, as a command line, is wrong on each of them.
public enum LaunchRank {
  /// Whether this process is the one that speaks for all.
  public static var speaks: Bool {
    let environment = ProcessInfo.processInfo.environment
    return ["OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID"].allSatisfy {
      environment[$0] == nil || environment[$0] == "0"
    }
  }

  /// Seconds in which the one that speaks has surely spoken; it ends all then.
  private static let patience = 2.0

  /// Says what ends the process, in one write, or leaves the one that speaks the time to say it: `mpirun` ends all with
  /// the first that fails, and has something to say itself, in the midst of what is written in pieces.
  public static func tell(_ message: String) {
    guard speaks else { return Thread.sleep(forTimeInterval: patience) }
    FileHandle.standardError.write(Data((message + "\n").utf8))
  }
}
