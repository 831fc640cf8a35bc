import Foundation
import NeuralNetworks
import TensorCore
import Testing

@testable import Optimization

@Suite struct AdamWTests {
  /// What `torch.optim.AdamW` does in five steps (scripts/make_operator_fixtures.py).
  struct Fixture: Decodable {
    struct Step: Decodable {
      var rate: Double
      var gradients: [String: [Double]]
      var values: [String: [Double]]
    }

    var values: [String: [Double]]
    var steps: [Step]
    var firstMoment: [String: [Double]]
    var secondMoment: [String: [Double]]

    static func load() throws -> Fixture {
      let url = try #require(Bundle.module.url(forResource: "adamw", withExtension: "json", subdirectory: "Fixtures"))
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      return try decoder.decode(Fixture.self, from: Data(contentsOf: url))
    }
  }

  /// A module of every role, in the order and shapes of the fixture.
  struct Network: Module {
    let parameters: [(String, Parameter)] = [
      ("visual.weight", Parameter([7, 5], .matrix, .constant(0))), ("visual.bias", Parameter([7], .bias, .constant(0))),
      ("table", Parameter([4, 3], .embedding, .constant(0))),
      ("head.weight", Parameter([3, 7], .matrix, .constant(0))),
      ("norm", Parameter([3], .norm, .constant(0))),
    ]

    func visitParameters(_ visitor: inout ParameterVisitor) {
      for (name, parameter) in parameters { visitor.parameter(name, parameter) }
    }
  }

  private func makeArena(_ dtype: DType, _ values: [String: [Double]]) -> ParameterArena {
    let arena = ParameterArena(Network(), seed: 1, dtype: dtype, backend: CPUBackend())
    for entry in arena.entries { entry.parameter.value.set(values[entry.name]!) }
    return arena
  }

  private func makeOptimizer(_ arena: ParameterArena) -> AdamW {
    AdamW(arena, configuration: AdamWConfiguration()) { $0.hasPrefix("visual.") ? 0.25 : 1 }
  }

  private func numbers(_ arena: ParameterArena, _ tensor: Tensor) -> [String: [Double]] {
    let all = tensor.doubles()
    return Dictionary(uniqueKeysWithValues: arena.entries.map { ($0.name, Array(all[$0.range])) })
  }

  private func expectClose(_ actual: [String: [Double]], _ expected: [String: [Double]], _ tolerance: Double) {
    #expect(actual.keys.sorted() == expected.keys.sorted())
    for (name, values) in expected {
      for (a, e) in zip(actual[name]!, values) { #expect(abs(a - e) <= tolerance * max(1, abs(e)), "\(name)") }
    }
  }

  @Test(arguments: [(DType.float64, 1e-12), (DType.float32, 1e-6)])
  func equalsPyTorch(dtype: DType, tolerance: Double) throws {
    let fixture = try Fixture.load()
    let arena = makeArena(dtype, fixture.values)
    let optimizer = makeOptimizer(arena)
    for step in fixture.steps {
      // Gradients arrive as a sum over four ranks; the scale makes it their mean.
      for entry in arena.entries { entry.parameter.value.gradient!.set(step.gradients[entry.name]!.map { 4 * $0 }) }
      optimizer.update(rate: step.rate, gradientScale: 0.25)
      expectClose(numbers(arena, arena.values), step.values, tolerance)
    }
    #expect(optimizer.stepCount == 5)
    expectClose(numbers(arena, optimizer.firstMoment), fixture.firstMoment, tolerance)
    expectClose(numbers(arena, optimizer.secondMoment), fixture.secondMoment, tolerance)
  }

  @Test func goesOnFromItsMoments() throws {
    let fixture = try Fixture.load()
    let arena = makeArena(.float32, fixture.values)
    var optimizer = makeOptimizer(arena)
    let resumedArena = makeArena(.float32, fixture.values)
    var resumed = makeOptimizer(resumedArena)
    for (i, step) in fixture.steps.enumerated() {
      if i == 2 {
        let stored = (arena.values.floats(), resumed.firstMoment.floats(), resumed.secondMoment.floats())
        resumedArena.values.set(stored.0)
        resumed = makeOptimizer(resumedArena)
        resumed.firstMoment.set(stored.1)
        resumed.secondMoment.set(stored.2)
        resumed.stepCount = 2
      }
      for (arena, optimizer) in [(arena, optimizer), (resumedArena, resumed)] {
        for entry in arena.entries { entry.parameter.value.gradient!.set(step.gradients[entry.name]!) }
        optimizer.update(rate: step.rate)
      }
    }
    #expect(resumedArena.values.floats() == arena.values.floats())
    // And forgetting the step count is noticed.
    optimizer = makeOptimizer(arena)
    optimizer.update(rate: 1e-3)
    resumed.update(rate: 1e-3)
    #expect(resumedArena.values.floats() != arena.values.floats())
  }

  @Test func segmentsCoverEveryParameterOnce() throws {
    let arena = makeArena(.float32, try Fixture.load().values)
    let segments = makeOptimizer(arena).segments
    for entry in arena.entries {
      let owners = segments.filter { $0.range.overlaps(entry.range) }
      #expect(owners.count == 1)
      #expect(
        owners[0].range.lowerBound <= entry.range.lowerBound && owners[0].range.upperBound >= entry.range.upperBound)
      #expect(owners[0].isDecayed == (entry.parameter.role == .matrix))
      #expect(owners[0].rateScale == (entry.name.hasPrefix("visual.") ? 0.25 : 1))
    }
    // Five parameters of which none is like its neighbour.
    #expect(segments.count == 5)
    let alike = AdamW(arena, configuration: AdamWConfiguration()).segments
    #expect(alike.map(\.isDecayed) == [true, false, true, false])
    #expect(alike[1].range == arena.entries[1].range.lowerBound..<arena.entries[2].range.upperBound)
  }

  @Test func paddingStaysZero() throws {
    let arena = makeArena(.float32, try Fixture.load().values)
    let optimizer = makeOptimizer(arena)
    for entry in arena.entries {
      entry.parameter.value.gradient!.set([Float](repeating: 1, count: entry.parameter.count))
    }
    optimizer.update(rate: 0.1)
    let used = Set(arena.entries.flatMap { Array($0.range) })
    let values = arena.values.floats()
    #expect(values.indices.allSatisfy { used.contains($0) || values[$0] == 0 })
    #expect(used.count < values.count)
  }
}
