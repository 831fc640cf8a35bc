import CUDAWorker
import Collectives
import Faults
@preconcurrency import Glibc
import GradientAveraging

/// A rank of TrainingTests: `training-probe MODE`, where the modes are those below.
@main
struct Probe {
  static func main() {
    do {
      let ranks = try Ranks.start()
      do {
        switch CommandLine.arguments.dropFirst().first {
        case "negatives":  // losses and gradients over all ranks against those of one process with the whole batch
          for line in try NegativesCheck.lines(ranks) where ranks.isLeader { print(line) }
        case "negatives-cuda":  // negatives-cuda TRANSPORT: the same on GPUs; rank r takes GPU r, or shares one
          let gpu = try CUDABackend(device: ranks.localRank % CUDADevice.count())
          let transport = Transport(rawValue: CommandLine.arguments[2])!
          for line in try NegativesCheck.lines(ranks, on: gpu, by: transport) where ranks.isLeader { print(line) }
        default: throw Fault(.usage, "unknown mode \(CommandLine.arguments.dropFirst())")
        }
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
}
