import NeuralNetworks
import TensorCore
import Testing

@Suite struct ParameterArenaTests {
  private let cpu = CPUBackend()

  private struct Pair: Module {
    let first = Linear(3, 5)
    let second: LayerNorm? = LayerNorm(5)
    let absent: Linear? = nil
    let free = Parameter([7], .embedding, .normal(deviation: 0.02))

    func visitParameters(_ visitor: inout ParameterVisitor) {
      visitor.module("first", first)
      visitor.module("second", second)
      visitor.module("absent", absent)
      visitor.parameter("free", free)
    }
  }

  @Test func namesAndOrderAreThoseOfTheVisit() {
    let arena = ParameterArena(Pair(), seed: 1, backend: cpu)
    #expect(
      arena.entries.map(\.name) == ["first.weight", "first.bias", "second.weight", "second.bias", "free"])
    #expect(arena.parameterCount == 15 + 5 + 5 + 5 + 7)
    #expect(arena["second.bias"]?.shape == [5] && arena["absent.weight"] == nil)
  }

  @Test func rangesAreAlignedAndApart() {
    let arena = ParameterArena(Pair(), seed: 1, backend: cpu)
    var end = 0
    for entry in arena.entries {
      #expect(entry.range.lowerBound % 16 == 0 && entry.range.lowerBound >= end)
      #expect(entry.range.count == entry.parameter.count)
      end = entry.range.upperBound
    }
    #expect(arena.values.shape == arena.gradients.shape && arena.values.count >= end && arena.values.count % 16 == 0)
  }

  @Test func parametersLiveInTheArena() {
    let module = Pair()
    let arena = ParameterArena(module, seed: 1, backend: cpu)
    let range = arena.entries[1].range
    module.first.bias.value.set([1.0, 2, 3, 4, 5])
    #expect(Array(arena.values.floats()[range]) == [1, 2, 3, 4, 5])
    let x = Tensor([1, 2, 3] as [Float], shape: [1, 3], backend: cpu)
    module.first(x).sum().backward()
    #expect(Array(arena.gradients.floats()[range]) == [1, 1, 1, 1, 1])
    #expect(Array(arena.gradients.floats()[arena.entries[0].range]) == [1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3])
    arena.zeroGradients()
    #expect(arena.gradients.floats().allSatisfy { $0 == 0 })
  }

  private struct Reordered: Module {
    let pair = Pair()
    let extra = Linear(2, 2)

    func visitParameters(_ visitor: inout ParameterVisitor) {
      visitor.module("extra", extra)
      visitor.parameter("free", pair.free)
      visitor.module("first", pair.first)
    }
  }

  /// So a model with a branch more or fewer starts from the same numbers in what both have.
  @Test func startingValuesDependOnSeedAndNameAlone() {
    let one = ParameterArena(Pair(), seed: 1, backend: cpu)
    let other = ParameterArena(Reordered(), seed: 1, backend: cpu)
    for name in ["first.weight", "first.bias", "free"] {
      #expect(one[name]!.value.floats() == other[name]!.value.floats())
      let reseeded = ParameterArena(Pair(), seed: 2, backend: cpu)
      #expect(one[name]!.value.floats() != reseeded[name]!.value.floats())
    }
    let double = ParameterArena(Pair(), seed: 1, dtype: .float64, backend: cpu)
    #expect(double["free"]!.value.floats() == one["free"]!.value.floats())
  }

  private struct Distributions: Module {
    let uniform = Parameter([100, 100], .matrix, .uniform(bound: 0.5))
    let normal = Parameter([10_000], .embedding, .normal(deviation: 3))
    let constant = Parameter([9], .norm, .constant(1.5))

    func visitParameters(_ visitor: inout ParameterVisitor) {
      visitor.parameter("uniform", uniform)
      visitor.parameter("normal", normal)
      visitor.parameter("constant", constant)
    }
  }

  @Test func startingValuesFollowTheirDistributions() {
    let arena = ParameterArena(Distributions(), seed: 5, backend: cpu)
    let moments = { (name: String) -> (mean: Double, deviation: Double) in
      let x = arena[name]!.value.doubles()
      let mean = x.reduce(0, +) / Double(x.count)
      return (mean, (x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(x.count)).squareRoot())
    }
    let uniform = moments("uniform")
    let normal = moments("normal")
    #expect(abs(uniform.mean) < 0.02 && abs(uniform.deviation - 1 / 12.0.squareRoot()) < 0.01)
    #expect(arena["uniform"]!.value.doubles().allSatisfy { abs($0) <= 0.5 })
    #expect(abs(normal.mean) < 0.12 && abs(normal.deviation - 3) < 0.1)
    #expect(arena["constant"]!.value.floats() == [Float](repeating: 1.5, count: 9))
  }

  private struct Doubled: Module {
    let layer = LayerNorm(2)

    func visitParameters(_ visitor: inout ParameterVisitor) {
      visitor.module("a", layer)
      visitor.module("a", layer)
    }
  }

  @Test func twoParametersOfOneNameTrap() async {
    await #expect(processExitsWith: .failure) {
      _ = ParameterArena(Doubled(), seed: 1, backend: CPUBackend())
    }
  }

  /// A step that starts from whatever the gradients hold gives what one from zeros gives: for parameters that are used once,
  /// twice, in parts, and not at all.
  @Test(arguments: [DType.float32, .float64]) func theFirstContributionReplaces(dtype: DType) {
    let pair = Pair()
    let arena = ParameterArena(pair, seed: 1, dtype: dtype, backend: cpu)
    let x = Tensor((0..<6).map { Double($0) - 2 }, shape: [2, 3], dtype: dtype, backend: cpu)
    func step(_ usesAll: Bool) {
      var y = pair.first(x) + pair.first(2 * x)
      if usesAll { y = pair.second!(y).addingSuffix(pair.free.elements(1..<6)) }
      (y * y).sum().backward()
    }
    for usesAll in [true, false] {
      arena.zeroGradients()
      step(usesAll)
      let expected = arena.gradients.doubles()
      cpu.fill(arena.gradients, with: 1e9)
      arena.emptyGradients()
      step(usesAll)
      arena.settleGradients()
      for entry in arena.entries {
        #expect(entry.parameter.value.gradient!.doubles() == Array(expected[entry.range]), "\(entry.name)")
      }
    }
  }

  /// Before a pass, the gradients that it will not reach become zero, and those that it will stay to be replaced.
  @Test func whatIsComingIsNotSettled() {
    let pair = Pair()
    let arena = ParameterArena(pair, seed: 1, backend: cpu)
    cpu.fill(arena.gradients, with: 3)
    arena.emptyGradients()
    arena.settleGradients(butNot: [pair.free.elements(0..<2).variable])
    #expect(pair.first.weight.value.gradient!.floats().allSatisfy { $0 == 0 })
    #expect(pair.free.value.gradient!.floats().allSatisfy { $0 == 3 })
    arena.settleGradients()
    #expect(pair.free.value.gradient!.floats().allSatisfy { $0 == 0 })
  }
}
