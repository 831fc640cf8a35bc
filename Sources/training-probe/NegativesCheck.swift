import Collectives
import Faults
import GradientAveraging
import NeuralNetworks
import Randomness
import SGMNModel
import TensorCore
import Training

/// `negatives: global` against one process that holds the whole batch.
struct NegativesCheck {
  let ranks: any Communicator
  let configuration: ModelConfiguration
  let dtype: DType
  let computation: Computation
  let backend: any Backend
  /// How gradients are summed: by the exchange of a training step, in many buckets during the backward pass or after it;
  /// nil for all at once.
  var overlap: Overlap?
  var transport = Transport.auto
  /// Of the matrices in products, where it is another than `dtype`.
  var operandFormat: DType?
  /// Whether some pairs have no ASR, some no title, and some ranks none of one kind.
  var someTextsAreMissing = false

  struct Numbers {
    /// By name; the matcher's and the total are means over the ranks.
    var losses: [(name: String, value: Double)]
    /// Averaged over the ranks, by parameter.
    var gradients: [(name: String, values: [Double])]

    /// Of the bits of all numbers.
    var digest: UInt64 {
      (losses.map(\.value) + gradients.flatMap(\.values)).reduce(0xcbf2_9ce4_8422_2325) {
        ($0 ^ $1.bitPattern) &* 0x100_0000_01b3
      }
    }
  }

  /// One line a case: what it is, the greatest relative error of a loss and of a parameter's gradient, that parameter.
  static func lines(_ ranks: any Communicator) throws -> [String] {
    let backend = CPUBackend()
    var lines: [String] = []
    for dtype in [DType.float64, .float32] {
      for mining in [ModelConfiguration.Mining.violating, .hardest, .distance] {
        for matcher in [false, true] {
          var c = configuration
          (c.mining, c.smf) = (mining, matcher)
          let plain = NegativesCheck(
            ranks: ranks, configuration: c, dtype: dtype, computation: Computation(), backend: backend)
          lines.append(try plain.line(.global, "\(dtype) \(mining) \(matcher ? "matcher" : "alone") global"))
          var missing = plain
          missing.someTextsAreMissing = true
          lines.append(try missing.line(.global, "\(dtype) \(mining) \(matcher ? "matcher" : "alone") missing global"))
        }
      }
      var c = configuration
      c.smf = false
      let parts = NegativesCheck(
        ranks: ranks, configuration: c, dtype: dtype,
        computation: Computation(encoderPartCount: 2, recomputesBlocks: true), backend: backend)
      lines.append(try parts.line(.global, "\(dtype) violating parts global"))
      if dtype == .float32 {
        var overlapped = parts
        overlapped.overlap = .on
        lines.append(try overlapped.line(.global, "\(dtype) violating parts overlap global"))
        overlapped.someTextsAreMissing = true
        lines.append(try overlapped.line(.global, "\(dtype) violating parts overlap missing global"))
      }
      let encoding = NegativesCheck(
        ranks: ranks, configuration: encodingTexts(c), dtype: dtype, computation: Computation(), backend: backend,
        someTextsAreMissing: true)
      lines.append(try encoding.line(.global, "\(dtype) violating encoder missing global"))
      (c.text, c.tmc) = (false, false)
      let plain = NegativesCheck(
        ranks: ranks, configuration: c, dtype: dtype, computation: Computation(), backend: backend)
      lines.append(try plain.line(.global, "\(dtype) violating bare global"))
      // The comparison must be able to fail.
      lines.append(try plain.line(.local, "\(dtype) violating bare local"))
    }
    return lines
  }

  /// The same on a GPU, in float32 and with the exchange of a training step, during the backward pass and after it:
  /// against one process on the GPU and one on the CPU. Then the bits of losses and gradients, by overlap.
  static func lines(_ ranks: any Communicator, on gpu: any Backend, by transport: Transport) throws -> [String] {
    var c = configuration
    c.smf = true
    var lines: [String] = []
    func check(_ configuration: ModelConfiguration, _ overlap: Overlap) -> NegativesCheck {
      NegativesCheck(
        ranks: ranks, configuration: configuration, dtype: .float32,
        computation: Computation(encoderPartCount: 2, recomputesBlocks: true), backend: gpu, overlap: overlap,
        transport: transport)
    }
    let matcher = check(c, .on)
    lines.append(try matcher.line(.global, "float32 matcher overlap global"))
    lines.append(try matcher.line(.global, "float32 matcher overlap cpu global", reference: CPUBackend()))
    var missing = matcher
    missing.someTextsAreMissing = true
    lines.append(try missing.line(.global, "float32 matcher overlap missing cpu global", reference: CPUBackend()))
    c.smf = false
    var encoding = check(encodingTexts(c), .on)
    encoding.someTextsAreMissing = true
    lines.append(
      try encoding.line(.global, "float32 encoder overlap missing cpu global", reference: CPUBackend()))
    lines.append(try check(c, .off).line(.global, "float32 alone global"))
    lines.append(try check(c, .off).line(.local, "float32 alone local"))
    var rounded = check(c, .on)
    rounded.operandFormat = .bfloat16
    lines.append(try rounded.line(.global, "bfloat16 alone overlap global"))
    for overlap in [Overlap.on, .off] {
      lines.append("digest \(overlap) \(try check(c, overlap).distributed(.global).digest)")
    }
    return lines
  }

  private static var configuration: ModelConfiguration {
    var c = ModelConfiguration()
    (c.resolution, c.patch, c.width, c.layers, c.heads) = (8, 4, 16, 2, 2)
    (c.embedDim, c.frames, c.tmcLayers, c.tmcHeads, c.textDim) = (16, 3, 1, 2, 6)
    (c.gciHeads, c.smfHeads, c.hardExamples, c.fusionHidden) = (2, 2, 3, 10)
    return c
  }

  /// The same with a text encoder of its own.
  private static func encodingTexts(_ plain: ModelConfiguration) -> ModelConfiguration {
    var c = plain
    (c.trainsText, c.textFilter, c.textTokenDim, c.textGateHidden) = (true, .gated, 8, 5)
    (c.textEncoder.vocabularySize, c.textEncoder.positions, c.textEncoder.tokens) = (20, 7, 6)
    (c.textEncoder.width, c.textEncoder.heads, c.textEncoder.layers) = (8, 2, 2)
    (c.textEncoder.hidden, c.textEncoder.projection) = (12, c.textDim)
    return c
  }

  private func line(
    _ negatives: ModelConfiguration.Negatives, _ name: String, reference backend: (any Backend)? = nil
  ) throws -> String {
    let ours = try distributed(negatives)
    let reference = try together(on: backend ?? self.backend)
    guard ours.losses.map(\.name) == reference.losses.map(\.name) else {
      throw Fault(.internalError, "the losses are \(ours.losses.map(\.name))")
    }
    let lossError = zip(ours.losses, reference.losses).map { abs($0.value - $1.value) / max($1.value, 1e-3) }.max()!
    // A small gradient is measured against a share of all of them: what is left of it is the rounding of others.
    let floor = (dtype == .float64 ? 1e-6 : 1e-3) * norm(reference.gradients.flatMap(\.values))
    let worst = zip(ours.gradients, reference.gradients).map { ours, theirs in
      let difference = norm(zip(ours.values, theirs.values).map { $0 - $1 })
      return (error: difference / max(norm(theirs.values), floor), name: ours.name)
    }.max { $0.error < $1.error }!
    return "\(name): \(lossError) \(worst.error) \(worst.name)"
  }

  private func norm(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }

  /// Weights that are nowhere at a special value.
  private func weights(_ model: SGMN, on backend: any Backend) -> ParameterArena {
    let arena = ParameterArena(model, seed: 4, dtype: dtype, operandFormat: operandFormat, backend: backend)
    for entry in arena.entries {
      var stream = RandomStream(seed: 4, "disturbance " + entry.name)
      let value = entry.parameter.value
      value.set(value.doubles().map { Double(Float($0 + 0.2 * stream.normal())) })
    }
    arena.refreshOperands()
    return arena
  }

  private var wholeBatch: PairBatch {
    ProbeBatch.whole(configuration, for: ranks.rankCount, someTextsAreMissing: someTextsAreMissing)
  }

  private func numbers(_ losses: [(name: String, value: Double)], _ arena: ParameterArena) -> Numbers {
    let gradients = arena.gradients.doubles()
    return Numbers(losses: losses, gradients: arena.entries.map { ($0.name, Array(gradients[$0.range])) })
  }

  /// As a training step does it: this rank's pairs, the gradients averaged.
  private func distributed(_ negatives: ModelConfiguration.Negatives) throws -> Numbers {
    let model = try SGMN(configuration)
    let arena = weights(model, on: backend)
    let batch = ProbeBatch.part(
      wholeBatch, configuration, rank: ranks.rank, of: ranks.rankCount,
      negatives: negatives)
    let encoded = model.encode(batch, computation: computation, dtype: dtype, backend: backend)
    let all = negatives == .global ? try PairGathering(ranks)(encoded.pairs) : encoded.pairs
    let output = model.losses(of: encoded, among: all)
    var losses = (output.losses + [("total", output.total!)]).map { ($0.0, $0.1.item()) }
    try backward(output, arena)
    if negatives == .global { try expectSameOnAllRanks(losses.filter { !["match", "total"].contains($0.0) }) }

    let count = Double(ranks.rankCount)
    var sums = losses.map(\.1)
    try sums.withUnsafeMutableBufferPointer { try ranks.allReduceSum($0) }
    for place in losses.indices { losses[place].1 = sums[place] / count }
    arena.gradients.set(arena.gradients.doubles().map { $0 / count })
    return numbers(losses, arena)
  }

  /// The backward pass, and the sums of the gradients over the ranks.
  private func backward(_ output: SGMN.Output, _ arena: ParameterArena) throws {
    if let overlap {
      let exchange = try GradientExchange(
        gradients: arena.gradients, communicator: ranks, overlap: overlap, transport: transport, bucketByteCount: 4096)
      exchange.begin()
      output.backward(observer: exchange)
      _ = try exchange.finish()
      return try exchange.close()
    }
    output.backward()
    if dtype == .float64 {
      var gradients = arena.gradients.doubles()
      try gradients.withUnsafeMutableBufferPointer { try ranks.allReduceSum($0) }
      arena.gradients.set(gradients)
    } else {
      var gradients = arena.gradients.floats()
      try gradients.withUnsafeMutableBufferPointer { try ranks.allReduceSum($0) }
      arena.gradients.set(gradients)
    }
  }

  private func expectSameOnAllRanks(_ losses: [(String, Double)]) throws {
    for (name, value) in losses {
      guard Set(try ranks.allGather(value.bitPattern)).count == 1 else {
        throw Fault(.ranksDiverged, "the ranks have different \(name) losses")
      }
    }
  }

  /// One process with the whole batch; the matcher, which keeps to a rank's pairs, on each rank's pairs in turn.
  private func together(on backend: any Backend) throws -> Numbers {
    let model = try SGMN(configuration)
    let arena = weights(model, on: backend)
    let whole = wholeBatch
    guard configuration.smf else {
      let output = model(whole, dtype: dtype, backend: backend)
      output.total!.backward()
      return numbers((output.losses + [("total", output.total!)]).map { ($0.0, $0.1.item()) }, arena)
    }
    let all = model.encode(whole, dtype: dtype, backend: backend).pairs
    let outputs = (0..<ranks.rankCount).map { rank in
      let part = ProbeBatch.part(whole, configuration, rank: rank, of: ranks.rankCount, negatives: .global)
      return model.losses(of: model.encode(part, dtype: dtype, backend: backend), among: all)
    }
    let share = 1 / Double(ranks.rankCount)
    let means = outputs[0].losses.indices.map { place in
      (outputs[0].losses[place].name, outputs.reduce(0) { $0 + share * $1.losses[place].value.item() })
    }
    let total = outputs.dropFirst().reduce(share * outputs[0].total!) { $0 + share * $1.total! }
    total.backward()
    return numbers(means + [("total", total.item())], arena)
  }
}
