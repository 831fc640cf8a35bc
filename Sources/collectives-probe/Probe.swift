import Collectives
import Faults
@preconcurrency import Glibc

/// A rank of CollectivesTests: `collectives-probe MODE [ARGUMENT…]`, where the modes are those below.
@main
struct Probe {
  static func main() {
    let arguments = Array(CommandLine.arguments.dropFirst())
    do {
      // checks LIMIT: with messages cut small, as data of gigabytes would be.
      let limit = arguments.count == 2 && arguments[0] == "checks" ? Int(arguments[1]) : nil
      let ranks = try Ranks.start(messageByteLimit: limit ?? 1 << 30)
      do {
        try run(arguments, ranks)
        try ranks.finalize()
      } catch let fault as Fault {
        print("rank \(ranks.rank): \(fault)")
        ranks.abort(fault.code)
      } catch {
        print("rank \(ranks.rank): \(error)")
        ranks.abort(.internalError)
      }
    } catch {
      print("start: \(error)")
      exit((error as? Fault)?.code.rawValue ?? ExitCode.internalError.rawValue)
    }
  }

  private static func run(_ arguments: [String], _ ranks: any Communicator) throws {
    func number(_ index: Int) -> Int { Int(arguments[index])! }
    switch arguments.first {
    case "checks":
      try Checks(ranks: ranks).all()
    case "digest":
      try Checks(ranks: ranks).roundedSums()
    case "abort":  // abort RANK CODE: one rank gives up while the others wait for it
      if ranks.rank == number(1) {
        print("last words")
        ranks.abort(ExitCode(rawValue: Int32(number(2)))!)
      }
      try ranks.barrier()
    case "die":  // die RANK: one rank is killed while the others wait for it
      if ranks.rank == number(1) { kill(getpid(), SIGKILL) }
      try ranks.barrier()
    case "wait":  // wait: print the process ids, then do nothing for a minute
      print("pid \(getpid())")
      fflush(nil)
      sleep(60)
    case "stop":  // stop: announce, work until a signal asks to stop, agree on the step
      try StopSignals.install()
      try ranks.barrier()
      if ranks.isLeader {
        print("ready")
        fflush(nil)
      }
      var step = 0
      while try ranks.allReduceMax(StopSignals.isRequested ? 1 : 0) == 0 {
        step += 1
        usleep(2_000)
      }
      let steps = try ranks.allGather(UInt64(step))
      guard Set(steps).count == 1 else { throw Fault(.ranksDiverged, "the ranks stopped at steps \(steps)") }
      if ranks.isLeader { print("stopped together") }
    case "heartbeats":  // heartbeats [RANK]: signs of life beside collective calls, of which that rank leaves one out
      try HeartbeatTrial(ranks).run(stopping: arguments.count > 1 ? number(1) : nil)
    default:
      throw Fault(.usage, "unknown mode \(arguments)")
    }
  }
}
