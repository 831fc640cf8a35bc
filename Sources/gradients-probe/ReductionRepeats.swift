import Collectives
import GradientAveraging
import Randomness
import TensorCore

/// The bits of sums in the order of MPI, for a comparison of runs: of messages from a few bytes to more than a bucket,
/// which Open MPI adds up by different algorithms.
struct ReductionRepeats {
  private let ranks: any Communicator
  private let backend = CPUBackend()
  private static let elementCounts = [1, 7, 100, 2_500, 10_000, 65_537, 262_144, 1_048_576, 1_500_000]

  init(_ ranks: any Communicator) { self.ranks = ranks }

  func report() throws {
    var digest: UInt64 = 0xcbf2_9ce4_8422_2325
    for count in Self.elementCounts {
      let values = Tensor(uninitialized: [count], backend: backend)
      backend.fillNormal(values, from: RandomStream(seed: 7, "repeats", ranks.rank, count), deviation: 1)
      try ranks.allReduceSum(values.hostElements!)
      for value in values.floats() { digest = (digest ^ UInt64(value.bitPattern)) &* 0x100_0000_01b3 }
    }
    if ranks.isLeader { print("digest \(digest)") }
  }
}
