import Collectives
import Faults
import Glibc
import GradientAveraging
import Randomness
import TensorCore

/// What must hold for every exchange at every rank count.
struct ExchangeChecks {
  private let ranks: any Communicator
  private let backend: any Backend
  private let transport: Transport
  /// Where numbers are made, the same for every device.
  private let host = CPUBackend()
  /// The gradients of a small network. Two pairs of views overlap, and a gap stands for padding.
  private let ranges = [
    0..<100, 112..<2_400, 1_200..<2_400, 1_900..<2_400, 2_408..<5_001, 5_008..<5_009, 5_024..<10_001,
  ]
  private let elementCount = 10_016
  private let bucketByteCount = 1_024
  private let stepCount = 9
  /// The sums of so many steps are computed again, in float64; of the others the bits are compared.
  private let checkedStepCount = 3

  init(_ ranks: any Communicator, on backend: any Backend, by transport: Transport) {
    (self.ranks, self.backend, self.transport) = (ranks, backend, transport)
  }

  func all() throws {
    for wire in WireFormat.allCases {
      var digests: [UInt64] = []
      for overlap in [Overlap.off, .on, .auto] {
        digests.append(try steps(stepCount, wire, overlap))
      }
      guard Set(digests).count == 1 else { throw failed("equal bits with and without overlap as \(wire): \(digests)") }
      if ranks.isLeader { print("digest \(digests[0])") }
    }
  }

  /// The bits of all sums and norms of so many steps.
  private func steps(_ count: Int, _ wire: WireFormat, _ overlap: Overlap) throws -> UInt64 {
    let gradients = Tensor.zeros([elementCount], backend: backend)
    let exchange = try GradientExchange(
      gradients: gradients, communicator: ranks, wire: wire, overlap: overlap, transport: transport,
      bucketByteCount: bucketByteCount)
    if ranks.isLeader, overlap == .off { print("route \(exchange.route.summary ?? "none")") }
    var digest: UInt64 = 0xcbf2_9ce4_8422_2325
    var decisions = 0
    for step in 0..<count {
      let sum = try self.step(step, exchange, gradients)
      decisions += sum.decision == nil ? 0 : 1
      if step < checkedStepCount { try check(sum, gradients, step, exchange.wire) }
      for value in gradients.floats() { digest = (digest ^ UInt64(value.bitPattern)) &* 0x100_0000_01b3 }
      digest = (digest ^ sum.norm.bitPattern) &* 0x100_0000_01b3
    }
    try exchange.close()
    guard decisions == (overlap == .auto && ranks.rankCount > 1 ? 1 : 0) else {
      throw failed("one trial, \(decisions)")
    }
    let all = try ranks.allGather(digest)
    guard Set(all).count == 1 else { throw failed("equal bits on all ranks, got \(all)") }
    return digest
  }

  /// A step whose first pass is not observed, and whose second reaches other parameters on every rank.
  private func step(_ step: Int, _ exchange: GradientExchange, _ gradients: Tensor) throws -> GradientSum {
    backend.fill(gradients, with: 0)
    exchange.begin()
    add(step, pass: 0, to: gradients, of: ranks.rank, ranges.indices.map { $0 })
    let reached = self.reached(step, rank: ranks.rank)
    let parameters = reached.map { index in
      let parameter = Tensor.zeros([ranges[index].count], backend: backend)
      parameter.collectGradient(in: gradients.slice(at: ranges[index].lowerBound, shape: parameter.shape))
      return parameter
    }
    exchange.willReach(parameters.map(\.variable))
    for (index, parameter) in zip(reached, parameters).reversed() {
      add(step, pass: 1, to: gradients, of: ranks.rank, [index])
      exchange.isComplete(parameter.variable)
    }
    return try exchange.finish()
  }

  private func reached(_ step: Int, rank: Int) -> [Int] {
    ranges.indices.filter { ($0 + step) % 5 != rank % 5 || step % 3 == 0 }
  }

  private func add(_ step: Int, pass: Int, to gradients: Tensor, of rank: Int, _ indices: [Int]) {
    for index in indices {
      let part = Tensor(uninitialized: [ranges[index].count], backend: host)
      let stream = RandomStream(seed: 3, "gradients", rank, step, pass, index)
      host.fillNormal(part, from: stream, deviation: 1 / Double(1 + index * index))
      let target = gradients.slice(at: ranges[index].lowerBound, shape: part.shape)
      target.backend.addScaled(
        target.backend === host ? part : Tensor(part.floats(), shape: part.shape, backend: target.backend), by: 1,
        to: target)
    }
  }

  private func check(_ sum: GradientSum, _ gradients: Tensor, _ step: Int, _ wire: WireFormat) throws {
    var exact = [Double](repeating: 0, count: elementCount)
    for rank in 0..<ranks.rankCount {
      let own = Tensor.zeros([elementCount], backend: host)
      add(step, pass: 0, to: own, of: rank, ranges.indices.map { $0 })
      for index in reached(step, rank: rank).reversed() { add(step, pass: 1, to: own, of: rank, [index]) }
      for (place, value) in own.doubles().enumerated() { exact[place] += value }
    }
    let arrived = gradients.doubles()
    let norm = exact.reduce(0) { $0 + $1 * $1 }.squareRoot()
    let error = zip(arrived, exact).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot() / norm
    let ownNorm = arrived.reduce(0) { $0 + $1 * $1 }.squareRoot()
    guard abs(sum.norm - ownNorm) <= 1e-6 * ownNorm else { throw failed("norm \(sum.norm), not \(ownNorm)") }
    guard wire == .bfloat16 else {
      guard error < 2e-7, sum.wireError == nil else { throw failed("error \(error) of float32 in step \(step)") }
      return
    }
    // Rounding errs by 2⁻⁸ of a number at most, by 0.0017 of the norm where the last bits are random; twice by 0.0024.
    guard error < 2.5e-3, let estimate = sum.wireError, abs(estimate / error - 1) < 0.1 else {
      throw failed("error \(error), estimated \(sum.wireError ?? -1), of bfloat16 in step \(step)")
    }
    if ranks.isLeader, step == 0 { print("error \(error), estimated \(estimate)") }
  }

  func die(_ rank: Int) throws {
    print("pid \(getpid())")
    fflush(nil)
    try ranks.barrier()
    let gradients = Tensor.zeros([elementCount], backend: backend)
    let exchange = try GradientExchange(
      gradients: gradients, communicator: ranks, overlap: .on, transport: transport, bucketByteCount: bucketByteCount)
    for step in 0..<3 { _ = try self.step(step, exchange, gradients) }
    exchange.begin()
    let parameters = [0, 5_000].map { start in
      let parameter = Tensor.zeros([5_000], backend: backend)
      parameter.collectGradient(in: gradients.slice(at: start, shape: parameter.shape))
      return parameter
    }
    exchange.willReach(parameters.map(\.variable))
    exchange.isComplete(parameters[1].variable)
    if ranks.rank == rank { kill(getpid(), SIGKILL) }
    exchange.isComplete(parameters[0].variable)
    _ = try exchange.finish()
    throw failed("a sum without rank \(rank)")
  }

  private func failed(_ what: String) -> Fault { Fault(.internalError, "not so: \(what)") }
}
