import Collectives
import GradientAveraging
import TensorCore

/// Milliseconds of an exchange by bucket size and format, the best of several: what the default size is taken from.
struct ExchangeSpeeds {
  private let ranks: any Communicator
  private let transport: Transport
  private let gradients: Tensor
  private static let sizes = [256, 512, 1_024, 2_048, 4_096, 8_192, 16_384]

  init(_ ranks: any Communicator, on backend: any Backend, by transport: Transport, byteCount: Int) {
    (self.ranks, self.transport) = (ranks, transport)
    gradients = Tensor.zeros([byteCount / 4], backend: backend)
  }

  func report() throws {
    if ranks.isLeader {
      print("milliseconds for \(gradients.byteCount >> 20) MiB of float32 over \(ranks.rankCount) ranks, norm included")
      print("KiB of a bucket", Self.sizes, separator: "\t")
    }
    for (name, wire, order) in [
      ("float32", .float32, .ofRanks), ("float32 in a tree", .float32, .tree(perRank: 1)),
      ("bfloat16", .bfloat16, .ofRanks),
    ] as [(String, WireFormat, SummationOrder)] where !(order.isFixed && ranks.rankCount.nonzeroBitCount > 1) {
      let best = try Self.sizes.map { size in try (0..<8).map { _ in try once(wire, order, size << 10) }.min()! }
      if ranks.isLeader { print(name, best.map { Int(($0 * 1e3).rounded()) }, separator: "\t") }
    }
  }

  private func once(_ wire: WireFormat, _ order: SummationOrder, _ bucketByteCount: Int) throws -> Double {
    let exchange = try GradientExchange(
      gradients: gradients, communicator: ranks, wire: wire, transport: transport, order: order,
      bucketByteCount: bucketByteCount)
    gradients.backend.fill(gradients, with: 1)
    gradients.backend.synchronize()
    try ranks.barrier()
    exchange.begin()
    let seconds = try exchange.finish().times.exposedSeconds
    try exchange.close()
    return Double(try ranks.allReduceMax(Int(seconds * 1e9))) * 1e-9
  }
}
