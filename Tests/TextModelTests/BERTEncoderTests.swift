import NeuralNetworks
import Randomness
import TensorCore
import Testing

@testable import TextModel

/// What needs no reference; numbers are held against transformers in PretrainedWeightsTests.
@Suite struct BERTEncoderTests {
  private let cpu = CPUBackend()

  private static func tiny(projection: Int = 5) -> BERTConfiguration {
    var c = BERTConfiguration()
    (c.vocabularySize, c.positions, c.width, c.layers) = (11, 6, 8, 2)
    (c.heads, c.hidden, c.projection) = (2, 12, projection)
    return c
  }

  private let batch = TokenBatch([[2, 7, 7, 3], [2, 9, 10, 4, 3], [5]])

  /// An encoder whose parameters all matter: also those that start as 0 or 1.
  private func encoder(
    _ c: BERTConfiguration, dtype: DType = .float32, operandFormat: DType? = nil
  ) -> (BERTEncoder, ParameterArena) {
    let encoder = BERTEncoder(c)
    let arena = ParameterArena(encoder, seed: 1, dtype: dtype, operandFormat: operandFormat, backend: cpu)
    for entry in arena.entries {
      var stream = RandomStream(seed: 2, entry.name)
      let values = entry.parameter.value.doubles().map { $0 + 0.3 * stream.normal() }
      entry.parameter.value.set(values.map { Double(Float($0)) })
    }
    arena.refreshOperands()
    return (encoder, arena)
  }

  /// Σ weight · feature over the tokens that are there, and over the pooled embeddings.
  private func objective(_ encoder: BERTEncoder, _ batch: TokenBatch) -> Tensor {
    let output = encoder(batch)
    let weighted = { (x: Tensor, name: String) in
      var stream = RandomStream(seed: 3, name)
      let weights = (0..<x.count).map { element in
        let token = element / x.columnCount
        let isThere = x.shape.count == 2 || token % batch.tokenCount < batch.lengths[token / batch.tokenCount]
        return isThere ? stream.normal() : 0
      }
      return (x * Tensor(weights, shape: x.shape, dtype: x.dtype, backend: x.backend)).sum()
    }
    return weighted(output.tokens, "tokens") + weighted(output.pooled, "pooled")
  }

  @Test(arguments: [5, 0]) func gradientsAreThoseOfDifferences(projection: Int) {
    let (encoder, arena) = encoder(Self.tiny(projection: projection), dtype: .float64)
    objective(encoder, batch).backward()
    var (worst, scale, count) = (0.0, 0.0, 0)
    for entry in arena.entries {
      let values = entry.parameter.value.doubles()
      let gradient = arena.gradients.doubles()[entry.range]
      for element in values.indices {
        let sides = [1e-6, -1e-6].map { step in
          var moved = values
          moved[element] += step
          entry.parameter.value.set(moved)
          return GradientRecording.off { objective(encoder, batch).item() }
        }
        let difference = (sides[0] - sides[1]) / 2e-6
        worst = max(worst, abs(difference - gradient[gradient.startIndex + element]))
        scale = max(scale, abs(difference))
        count += abs(difference) > 1e-3 ? 1 : 0
      }
      entry.parameter.value.set(values)
    }
    #expect(worst < 1e-6 * scale, "\(worst) of \(scale)")
    #expect(count > arena.parameterCount / 2)
  }

  @Test func whatFillsUpChangesNothing() {
    let (encoder, _) = encoder(Self.tiny())
    let texts: [[Int32]] = [[2, 7, 7, 3], [2, 9, 10, 4, 3], [5]]
    let together = GradientRecording.off { encoder(TokenBatch(texts)) }
    for (number, text) in texts.enumerated() {
      let alone = GradientRecording.off { encoder(TokenBatch([text])) }
      let start = number * 5 * 8
      expectClose(Array(together.tokens.floats()[start..<(start + text.count * 8)]), alone.tokens.floats(), 1e-5)
      expectClose(Array(together.pooled.floats()[(number * 5)..<(number * 5 + 5)]), alone.pooled.floats(), 1e-5)
    }
  }

  @Test func float32FollowsFloat64() {
    let single = GradientRecording.off { encoder(Self.tiny()).0(batch) }
    let double = GradientRecording.off { encoder(Self.tiny(), dtype: .float64).0(batch) }
    #expect(single.pooled.dtype == .float32 && double.pooled.dtype == .float64)
    expectClose(single.pooled.floats(), double.pooled.floats(), 1e-5)
  }

  /// Products of rounded operands: near, and not the same.
  @Test func bfloat16OperandsAreNearFloat32() {
    let (rounded, arena) = encoder(Self.tiny(), operandFormat: .bfloat16)
    let (exact, exactArena) = encoder(Self.tiny())
    let (a, b) = (rounded(batch).pooled.floats(), exact(batch).pooled.floats())
    #expect(a != b)
    expectClose(a, b, 0.03 * b.map(abs).reduce(0, max))
    objective(rounded, batch).backward()
    objective(exact, batch).backward()
    let (mine, theirs) = (arena.gradients.doubles(), exactArena.gradients.doubles())
    let distance = zip(mine, theirs).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
    #expect(distance < 0.05 * theirs.reduce(0) { $0 + $1 * $1 }.squareRoot())
  }

  @Test(arguments: [nil, DType.bfloat16]) func frozenItComputesTheSameWithoutGradients(format: DType?) {
    let (trained, arena) = encoder(Self.tiny(), operandFormat: format)
    let frozen = BERTEncoder(Self.tiny())
    frozen.freeze(operandFormat: format, backend: cpu) { name, _ in arena[name]!.value.floats() }
    let (a, b) = (trained(batch), frozen(batch))
    #expect(a.tokens.floats() == b.tokens.floats() && a.pooled.floats() == b.pooled.floats())
    #expect(a.pooled.isTracked && !b.pooled.isTracked)
  }

  @Test func parametersHaveTheirNames() {
    var visitor = ParameterVisitor()
    visitor.module("text_encoder", BERTEncoder(Self.tiny()))
    let names = visitor.found.map(\.name)
    #expect(
      names.prefix(3).elementsEqual([
        "text_encoder.word_embedding", "text_encoder.position_embedding", "text_encoder.segment_embedding",
      ]))
    let block = "text_encoder.transformer.resblocks.1."
    #expect(
      names.filter { $0.hasPrefix(block) }.map { String($0.dropFirst(block.count)) } == [
        "attn.in_proj_weight", "attn.in_proj_bias", "attn.out_proj.weight", "attn.out_proj.bias", "ln_1.weight",
        "ln_1.bias", "mlp.c_fc.weight", "mlp.c_fc.bias", "mlp.c_proj.weight", "mlp.c_proj.bias", "ln_2.weight",
        "ln_2.bias",
      ])
    #expect(names.last == "text_encoder.projection" && names.count == 5 + 24 + 1)
  }

  private func expectClose(
    _ actual: [Float], _ expected: [Float], _ tolerance: Float, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(
      actual.count == expected.count && zip(actual, expected).allSatisfy { abs($0 - $1) <= tolerance },
      sourceLocation: sourceLocation)
  }
}
