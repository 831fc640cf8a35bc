import Collectives
import Faults
import Glibc
import GradientAveraging
import TensorCore

/// A rank of GradientAveragingTests: `gradients-probe MODE [ARGUMENT…]`, where the modes are those below.
@main
struct Probe {
  static func main() {
    do {
      let ranks = try Ranks.start()
      do {
        try run(Array(CommandLine.arguments.dropFirst()), ranks)
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
    case "checks":  // every way of travelling gives the right sums, and the same bits
      try ExchangeChecks(ranks).all()
    case "die":  // die RANK: one rank is killed while its buckets travel behind its backward pass
      try ExchangeChecks(ranks).die(number(1))
    case "times":  // times MEGABYTES: how long the gradients of a model take, by bucket size and format
      try ExchangeSpeeds(ranks, byteCount: number(1) << 20).report()
    default:
      throw Fault(.usage, "unknown mode \(arguments)")
    }
  }
}
