import NeuralNetworks
import TensorCore
import Testing

@Suite struct MultiHeadAttentionTests {
  private let cpu = CPUBackend()

  private func input(_ shape: [Int], phase: Double) -> Tensor {
    let count = shape.reduce(1, *)
    let x = Tensor(
      (0..<count).map { ((Double($0) * 0.37 + phase).truncatingRemainder(dividingBy: 2)) - 1 }, shape: shape,
      dtype: .float64, backend: cpu)
    x.collectGradient(in: .zeros(shape, dtype: .float64, backend: cpu))
    return x
  }

  private func expectClose(_ a: [Double], _ b: [Double]) {
    #expect(a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) < 1e-12 })
  }

  /// Attending to oneself as to a memory gives the same numbers and gradients as the packed form.
  @Test func selfAttentionIsAttentionToOneself() {
    let attention = MultiHeadAttention(6, heads: 3)
    let arena = ParameterArena(attention, seed: 1, dtype: .float64, backend: cpu)
    let mask = Tensor([0, 0, -Double.infinity, 0], shape: [4], dtype: .float64, backend: cpu)
    let x = input([2, 4, 6], phase: 0)
    let again = input([2, 4, 6], phase: 0)
    let packed = attention(x, bias: mask)
    (packed * packed).sum().backward()
    let gradients = arena.gradients.doubles()
    arena.zeroGradients()
    let crossed = attention(again, memory: again, bias: mask)
    (crossed * crossed).sum().backward()
    expectClose(crossed.doubles(), packed.doubles())
    expectClose(again.gradient!.doubles(), x.gradient!.doubles())
    expectClose(arena.gradients.doubles(), gradients)
  }

  /// Projections that were made before, and are used for two inputs, give what direct attention gives.
  @Test func precomputedProjectionsEqualDirectAttention() {
    let attention = MultiHeadAttention(4, heads: 2)
    let arena = ParameterArena(attention, seed: 2, dtype: .float64, backend: cpu)
    let (a, b, memory) = (input([1, 3, 4], phase: 0), input([1, 2, 4], phase: 1), input([1, 5, 4], phase: 0.5))
    let direct = [attention(a, memory: memory).sum(), attention(b, memory: memory).sum()]
    (direct[0] + direct[1]).backward()
    let expected = (arena.gradients.doubles(), memory.gradient!.doubles())
    arena.zeroGradients()
    let secondMemory = input([1, 5, 4], phase: 0.5)
    let shared = attention.keysAndValues(of: secondMemory)
    let outputs = [a, b].map { attention.attend(attention.queries(of: $0), to: shared, bias: nil).sum() }
    (outputs[0] + outputs[1]).backward()
    expectClose(outputs.map { $0.item() }, direct.map { $0.item() })
    expectClose(arena.gradients.doubles(), expected.0)
    expectClose(secondMemory.gradient!.doubles(), expected.1)
  }
}
