import CUDAWorker
import Collectives
import Faults
import Glibc
import GradientAveraging
import TensorCore

/// A rank of GradientAveragingTests: `gradients-probe [--cuda auto|nccl|mpi] MODE [ARGUMENT…]`, where the modes are those
/// below. With `--cuda` the gradients are on a GPU: rank r of a machine takes GPU r, as long as there are as many.
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
    var arguments = arguments
    var (backend, transport): (any Backend, Transport) = (CPUBackend(), .auto)
    if arguments.first == "--cuda" {
      backend = try CUDABackend(device: ranks.localRank % CUDADevice.count())
      transport = Transport(rawValue: arguments[1])!
      arguments.removeFirst(2)
    }
    func number(_ index: Int) -> Int { Int(arguments[index])! }
    let checks = ExchangeChecks(ranks, on: backend, by: transport)
    switch arguments.first {
    case "checks":  // every way of travelling gives the right sums, and the same bits
      try checks.all()
    case "tree":  // tree LEAVES: sums in a fixed order have the bits of a plain loop
      try TreeChecks(ranks, on: backend, by: transport, leafCount: number(1)).all()
    case "repeats":  // the bits of MPI's own sums
      try ReductionRepeats(ranks).report()
    case "die":  // die RANK: one rank is killed while its buckets travel behind its backward pass
      try checks.die(number(1))
    case "times":  // times MEGABYTES: how long the gradients of a model take, by bucket size and format
      try ExchangeSpeeds(ranks, on: backend, by: transport, byteCount: number(1) << 20).report()
    default:
      throw Fault(.usage, "unknown mode \(arguments)")
    }
  }
}
