import NeuralNetworks
import TensorCore
import Testing

@Suite struct LinearTests {
  private let cpu = CPUBackend()

  @Test func computesWeightsAndBias() {
    let layer = Linear(2, 3)
    _ = ParameterArena(layer, seed: 1, backend: cpu)
    layer.weight.value.set([1.0, 2, 3, 4, 5, 6])
    layer.bias.value.set([10.0, 20, 30])
    #expect(layer(Tensor([1.0, -1], shape: [1, 2], backend: cpu)).floats() == [9, 19, 29])
  }

  @Test func startsWithinTheBoundOfItsInputs() {
    let layer = Linear(25, 40)
    _ = ParameterArena(layer, seed: 1, backend: cpu)
    #expect((layer.weight.value.floats() + layer.bias.value.floats()).allSatisfy { abs($0) <= 0.2 })
    #expect(layer.weight.value.floats().contains { abs($0) > 0.19 })
  }

  @Test func aNormStartsAsPlainNormalisation() {
    let norm = LayerNorm(4)
    _ = ParameterArena(norm, seed: 1, backend: cpu)
    let y = norm(Tensor([1.0, 2, 3, 4], shape: [1, 4], backend: cpu)).doubles()
    #expect(abs(y.reduce(0, +)) < 1e-6 && abs(y.reduce(0) { $0 + $1 * $1 } - 4) < 1e-3)
  }
}
