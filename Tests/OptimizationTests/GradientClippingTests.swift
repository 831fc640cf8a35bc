import NeuralNetworks
import Optimization
import TensorCore
import Testing

@Suite struct GradientClippingTests {
  @Test func normOverAllParameters() {
    let arena = ParameterArena(Linear(3, 2), seed: 1, backend: CPUBackend())
    #expect(GradientClipping.norm(of: arena) == 0)
    arena["weight"]!.value.gradient!.set([1.0, 2, 2, 0, 0, 0])
    arena["bias"]!.value.gradient!.set([0.0, 4])
    #expect(GradientClipping.norm(of: arena) == 5)
    arena["bias"]!.value.gradient!.set([Double.nan, 4])
    #expect(GradientClipping.norm(of: arena).isNaN)
  }

  @Test(arguments: [0, 1e-30, 0.5, 1, 1.0001, 7, 1e30])
  func aScaledGradientIsWithinTheLimit(norm: Double) {
    for limit in [0.5, 1, 10] {
      let scale = GradientClipping.scale(norm: norm, limit: limit)
      #expect(scale <= 1 && norm * scale <= limit * (1 + 1e-15))
      #expect((scale == 1) == (norm <= limit))
    }
  }
}
