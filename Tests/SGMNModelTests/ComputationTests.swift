import NeuralNetworks
import TensorCore
import Testing

@testable import SGMNModel

/// What decides memory and time alone: the losses and gradients of the plain computation are the measure.
@Suite struct ComputationTests {
  private struct Numbers {
    var losses: [Double]
    var gradients: [(name: String, values: [Double])]

    /// The largest ‖a − b‖ / ‖b‖ over the parameters; small gradients are measured against a thousandth of all.
    func gradientError(against other: Numbers) -> (error: Double, name: String) {
      let norm = { (x: [Double]) in dot(x, x).squareRoot() }
      let overall = norm(other.gradients.flatMap(\.values))
      return zip(gradients, other.gradients).map { ours, theirs in
        let difference = norm(zip(ours.values, theirs.values).map { $0 - $1 })
        return (difference / max(norm(theirs.values), 1e-3 * overall), ours.name)
      }.max { $0.0 < $1.0 } ?? (.infinity, "")
    }

    func lossError(against other: Numbers) -> Double {
      zip(losses, other.losses).map { abs($0 - $1) / $1 }.max() ?? .infinity
    }
  }

  private func numbers(_ c: ModelConfiguration, _ computation: Computation, _ dtype: DType, operands: DType? = nil)
    throws
    -> Numbers
  {
    let model = try SGMN(c)
    let arena = bind(model, dtype: dtype, operandFormat: operands)
    let batch = PairBatch.random(c, validCounts: [3, 1, 2, 2], products: [1, 2, 3, 1])
    let output = model(batch, computation: computation, dtype: dtype, backend: cpu)
    output.backward()
    return Numbers(
      losses: output.losses.map { $0.value.item() } + [output.total!.item()],
      gradients: arena.entries.map { ($0.name, $0.parameter.value.gradient!.doubles()) })
  }

  /// Twelve pictures, and with `padding: release` a thirteenth.
  private static let partCounts = [2, 3, 5, 12, 13, 100]

  @Test(arguments: [ModelConfiguration.FusionTokens.patch, .frame], [ModelConfiguration.Padding.standard, .release])
  func partsChangeNoLossAndNoGradient(tokens: ModelConfiguration.FusionTokens, padding: ModelConfiguration.Padding)
    throws
  {
    let c = ModelConfiguration.tiny.with {
      $0.smfTokens = tokens
      $0.padding = padding
      $0.layers = 2
    }
    // The bits of a product's row may depend on how many rows it has.
    for (dtype, tolerance) in [(DType.float64, 1e-11), (.float32, 2e-5)] {
      let plain = try numbers(c, Computation(), dtype)
      for parts in Self.partCounts {
        let inParts = try numbers(c, Computation(encoderPartCount: parts), dtype)
        #expect(inParts.lossError(against: plain) < tolerance / 10, "\(parts) parts")
        let (error, name) = inParts.gradientError(against: plain)
        #expect(error < tolerance, "\(parts) parts: \(name) \(error)")
      }
    }
  }

  @Test(arguments: [(DType.float32, nil), (.float64, nil), (.float32, DType.bfloat16)], [1, 3])
  func recomputedBlocksGiveTheSameBits(format: (values: DType, operands: DType?), parts: Int) throws {
    let c = ModelConfiguration.tiny.with { $0.layers = 3 }
    let kept = try numbers(c, Computation(encoderPartCount: parts), format.values, operands: format.operands)
    let again = try numbers(
      c, Computation(encoderPartCount: parts, recomputesBlocks: true), format.values, operands: format.operands)
    #expect(kept.losses == again.losses)
    for (a, b) in zip(kept.gradients, again.gradients) { #expect(a.values == b.values, "\(a.name)") }
  }

  private final class Observer: BackwardObserver {
    var passCount = 0
    var reached: Set<ObjectIdentifier> = []
    var complete: Set<ObjectIdentifier> = []
    func willReach(_ parameters: [Variable]) {
      passCount += 1
      reached.formUnion(parameters.map(ObjectIdentifier.init))
    }
    func isComplete(_ parameter: Variable) { complete.insert(ObjectIdentifier(parameter)) }
  }

  @Test(arguments: [Computation(), Computation(recomputesBlocks: true), Computation(encoderPartCount: 3)])
  func anObserverFollowsOnePass(computation: Computation) throws {
    let c = ModelConfiguration.tiny
    let model = try SGMN(c)
    let arena = bind(model)
    let batch = PairBatch.random(c, validCounts: [3, 1, 2], products: [1, 2, 3])
    let output = model(batch, computation: computation, dtype: .float64, backend: cpu)
    let observer = Observer()
    output.backward(observer: observer)
    #expect(observer.passCount == 1)
    #expect(observer.reached == observer.complete)
    let position = ObjectIdentifier(try #require(arena["visual.positional_embedding"]).value.variable)
    #expect(observer.complete.contains(position))
  }

  /// Of an encoder in parts, nothing but tokens is kept until the losses are known.
  @Test func partsKeepNoGraph() throws {
    let c = ModelConfiguration.tiny
    let model = try SGMN(c)
    let arena = bind(model)
    var seen: [Range<Int>] = []
    weak var kept: Tensor?
    let encoding = PartwiseEncoding(pictureCount: 5, partCount: 2) { part in
      seen.append(part)
      let tokens = model.visual(
        patches: randomTensor([part.count * 4, 48], seed: UInt64(part.lowerBound)), classTokensOnly: true)
      #expect(tokens.isTracked == (seen.count > 2))
      kept = tokens
      return tokens
    }
    #expect(kept == nil && seen == [0..<2, 2..<5])
    (encoding.tokens * encoding.tokens).sum().backward()
    encoding.backward(observer: nil)
    #expect(kept == nil && seen == [0..<2, 2..<5, 0..<2, 2..<5])
    #expect(arena.gradients.doubles().contains { $0 != 0 })
  }

  @Test func withoutGradientsThePartsAreOne() throws {
    let c = ModelConfiguration.tiny
    let model = try SGMN(c)
    let arena = bind(model)
    let batch = PairBatch.random(c, validCounts: [3, 1, 2], products: [1, 2, 3])
    let total = GradientRecording.off {
      model(batch, computation: Computation(encoderPartCount: 2), dtype: .float64, backend: cpu).total!
    }
    #expect(!total.isTracked)
    #expect(total.item() == model(batch, dtype: .float64, backend: cpu).total!.item())
    withExtendedLifetime(arena) {}
  }
}
