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

  /// A memory whose projections are made once for two inputs gives what it gives each of them alone.
  @Test func sharedProjectionsEqualThoseMadeTwice() {
    let block = TransformerBlock(4, heads: 2)
    let arena = ParameterArena(block, seed: 2, dtype: .float64, backend: cpu)
    let (a, b) = (input([1, 3, 4], phase: 0), input([1, 2, 4], phase: 1))
    let cross = { (x: Tensor, keysAndValues: Tensor) in
      block(x, queries: block.queries(of: x), keysAndValues: keysAndValues, bias: nil).sum()
    }
    let memory = input([1, 5, 4], phase: 0.5)
    let apart = [a, b].map { cross($0, block.keysAndValues(of: memory)) }
    (apart[0] + apart[1]).backward()
    let expected = arena.gradients.doubles()
    arena.zeroGradients()
    let sharedMemory = input([1, 5, 4], phase: 0.5)
    let projections = block.keysAndValues(of: sharedMemory)
    let together = [a, b].map { cross($0, projections) }
    (together[0] + together[1]).backward()
    expectClose(together.map { $0.item() }, apart.map { $0.item() })
    expectClose(arena.gradients.doubles(), expected)
    expectClose(sharedMemory.gradient!.doubles(), memory.gradient!.doubles())
  }
}
