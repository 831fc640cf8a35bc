import NeuralNetworks
import TensorCore
import Testing

@Suite struct ParameterTests {
  private let cpu = CPUBackend()

  private struct One: Module {
    let matrix = Parameter([4, 3], .matrix, .uniform(bound: 1))
    let vector = Parameter([5], .bias, .uniform(bound: 1))

    func visitParameters(_ visitor: inout ParameterVisitor) {
      visitor.parameter("matrix", matrix)
      visitor.parameter("vector", vector)
    }
  }

  @Test func viewsShareValuesAndGradients() {
    let one = One()
    let arena = ParameterArena(one, seed: 1, backend: cpu)
    let all = one.matrix.value.floats()
    #expect(one.matrix.rows(1..<3).floats() == Array(all[3..<9]))
    #expect(one.matrix.value(as: [2, 6]).floats() == all && one.matrix.value(as: [2, 6]).shape == [2, 6])
    #expect(one.vector.elements(2..<4).floats() == Array(one.vector.value.floats()[2..<4]))

    (2 * one.matrix.rows(1..<3)).sum().backward()
    one.matrix.value.sum().backward()
    (3 * one.vector.elements(0..<1)).sum().backward()
    #expect(one.matrix.value.gradient!.floats() == [1, 1, 1, 3, 3, 3, 3, 3, 3, 1, 1, 1])
    #expect(Array(arena.gradients.floats()[arena.entries[1].range]) == [3, 0, 0, 0, 0])
  }

  @Test func onlyMatricesDecay() {
    #expect(ParameterRole.matrix.isDecayed)
    for role in [ParameterRole.bias, .norm, .embedding] { #expect(!role.isDecayed) }
  }

  @Test func viewsBeyondAParameterTrap() async {
    await #expect(processExitsWith: .failure) {
      let one = One()
      _ = ParameterArena(one, seed: 1, backend: CPUBackend())
      _ = one.matrix.rows(3..<5)
    }
    await #expect(processExitsWith: .failure) { _ = One().vector.value }
  }
}
