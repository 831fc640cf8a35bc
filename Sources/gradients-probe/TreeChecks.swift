import Collectives
import Faults
import GradientAveraging
import Randomness
import TensorCore

/// Sums in the order of a binary tree: bit by bit those of a plain loop, on however many ranks.
struct TreeChecks {
  private let ranks: any Communicator
  private let backend: any Backend
  private let transport: Transport
  private let leafCount: Int
  /// Of this rank, by step.
  private let leaves: [[[Float]]]
  /// What a plain loop makes of all leaves, by step.
  private let expected: [[Float]]
  private static let elementCount = 2_064
  private static let stepCount = 9
  /// Where two parameters meet, in the middle of a bucket.
  private static let middle = 900
  /// Cut into equal slices by any number of ranks up to 8, and not; the last bucket is shorter with both.
  private let bucketByteCounts = [1_024, 1_600]

  /// - Parameter leafCount: gradients of a step over all ranks.
  init(_ ranks: any Communicator, on backend: any Backend, by transport: Transport, leafCount: Int) {
    (self.ranks, self.backend, self.transport, self.leafCount) = (ranks, backend, transport, leafCount)
    let perRank = leafCount / ranks.rankCount
    let host = CPUBackend()
    let all = (0..<Self.stepCount).map { step in (0..<leafCount).map { Self.leaf($0, step, host) } }
    leaves = all.map { Array($0[(ranks.rank * perRank)..<((ranks.rank + 1) * perRank)]) }
    expected = all.map(Self.sum)
  }

  func all() throws {
    for byteCount in bucketByteCounts {
      let digests = try [Overlap.off, .on, .auto].map { try steps($0, byteCount) }
      guard Set(digests).count == 1 else { throw failed("equal bits with and without overlap: \(digests)") }
      if ranks.isLeader { print("digest \(byteCount) \(digests[0])") }
    }
  }

  /// The bits of all sums and norms.
  private func steps(_ overlap: Overlap, _ bucketByteCount: Int) throws -> UInt64 {
    let perRank = leafCount / ranks.rankCount
    let gradients = Tensor.zeros([Self.elementCount], backend: backend)
    let exchange = try GradientExchange(
      gradients: gradients, communicator: ranks, overlap: overlap, transport: transport, order: .tree(perRank: perRank),
      bucketByteCount: bucketByteCount)
    if ranks.isLeader, overlap == .off { print("route \(exchange.route.summary ?? "none")") }
    var digest: UInt64 = 0xcbf2_9ce4_8422_2325
    for step in 0..<Self.stepCount {
      for number in 0..<perRank {
        let isLast = number == perRank - 1
        if isLast { exchange.begin() }
        bring(leaves[step][number], to: gradients, observer: isLast ? exchange : nil)
        if !isLast { exchange.keep() }
      }
      let sum = try exchange.finish()
      let bits = gradients.floats().map(\.bitPattern)
      guard bits == expected[step].map(\.bitPattern) else { throw failed("the bits of a plain loop in step \(step)") }
      for value in bits { digest = (digest ^ UInt64(value)) &* 0x100_0000_01b3 }
      digest = (digest ^ sum.norm.bitPattern) &* 0x100_0000_01b3
    }
    try exchange.close()
    guard Set(try ranks.allGather(digest)).count == 1 else { throw failed("equal bits on all ranks") }
    return digest
  }

  /// As a backward pass does: from the end to the beginning, in two parts.
  private func bring(_ leaf: [Float], to gradients: Tensor, observer: GradientExchange?) {
    let parts = [0..<Self.middle, Self.middle..<Self.elementCount].map {
      gradients.slice(at: $0.lowerBound, shape: [$0.count])
    }
    let parameters = parts.map { part in
      let parameter = Tensor.zeros(part.shape, backend: backend)
      parameter.collectGradient(in: part)
      return parameter
    }
    observer?.willReach(parameters.map(\.variable))
    for number in [1, 0] {
      let start = number == 0 ? 0 : Self.middle
      parts[number].set(Array(leaf[start..<(start + parts[number].count)]))
      observer?.isComplete(parameters[number].variable)
    }
  }

  /// Numbers of very different sizes: added up in another order they give other bits.
  private static func leaf(_ number: Int, _ step: Int, _ host: CPUBackend) -> [Float] {
    let part = Tensor(uninitialized: [elementCount], backend: host)
    host.fillNormal(part, from: RandomStream(seed: 6, "leaf", number, step), deviation: 1)
    return part.floats().enumerated().map { $1 * Float(1 << (($0 * 7 + number * 5) % 12)) }
  }

  private static func sum(_ leaves: [[Float]]) -> [Float] {
    var sums = leaves
    while sums.count > 1 {
      sums = stride(from: 0, to: sums.count, by: 2).map { pair in zip(sums[pair], sums[pair + 1]).map { $0 + $1 } }
    }
    return sums[0]
  }

  private func failed(_ what: String) -> Fault { Fault(.internalError, "not so: \(what)") }
}
