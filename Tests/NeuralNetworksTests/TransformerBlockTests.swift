import Foundation
import NeuralNetworks
import TensorCore
import Testing

/// The block against one of PyTorch's modules with the same parameters (scripts/make_operator_fixtures.py).
@Suite struct TransformerBlockTests {
  struct Fixture: Decodable {
    struct Values: Decodable {
      var shape: [Int]
      var values: [Double]
    }

    struct Input: Decodable {
      var shape: [Int]
      var values: [Double]
      var gradient: [Double]
    }

    struct Case: Decodable {
      var name: String
      var inputs: [Input]
      var weights: [Double]
      var output: Values
      var gradients: [String: [Double]]
    }

    var width: Int
    var heads: Int
    var mask: [Double]
    var parameters: [String: Values]
    var cases: [Case]

    static func load() throws -> Fixture {
      let url = try #require(
        Bundle.module.url(forResource: "transformer_block", withExtension: "json", subdirectory: "Fixtures"))
      let decoder = JSONDecoder()
      decoder.nonConformingFloatDecodingStrategy = .convertFromString(
        positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
      return try decoder.decode(Fixture.self, from: Data(contentsOf: url))
    }
  }

  private let cpu = CPUBackend()

  private func expectClose(_ actual: [Double], _ expected: [Double], _ tolerance: Double, _ what: Comment) {
    let scale = expected.map(abs).reduce(1, max)
    #expect(
      actual.count == expected.count && zip(actual, expected).allSatisfy { abs($0 - $1) <= tolerance * scale }, what)
  }

  @Test(arguments: ["self", "cross"], [(DType.float64, 1e-10), (DType.float32, 1e-5)])
  func equalsPyTorch(name: String, format: (dtype: DType, tolerance: Double)) throws {
    let (dtype, tolerance) = format
    let fixture = try Fixture.load()
    let expected = try #require(fixture.cases.first { $0.name == name })
    let block = TransformerBlock(fixture.width, heads: fixture.heads)
    let arena = ParameterArena(block, seed: 1, dtype: dtype, backend: cpu)
    #expect(Set(arena.entries.map(\.name)) == Set(fixture.parameters.keys))
    for (name, values) in fixture.parameters {
      let parameter = try #require(arena[name])
      #expect(parameter.shape == values.shape)
      parameter.value.set(values.values)
    }
    let inputs = expected.inputs.map { input in
      let x = Tensor(input.values, shape: input.shape, dtype: dtype, backend: cpu)
      x.collectGradient(in: .zeros(input.shape, dtype: dtype, backend: cpu))
      return x
    }
    let y: Tensor
    if name == "self" {
      y = block(inputs[0], bias: Tensor(fixture.mask, shape: [2, 1, 3], dtype: dtype, backend: cpu))
    } else {
      y = block(
        inputs[0], queries: block.queries(of: inputs[0]), keysAndValues: block.keysAndValues(of: inputs[1]), bias: nil)
    }
    (y * Tensor(expected.weights, shape: y.shape, dtype: dtype, backend: cpu)).sum().backward()
    #expect(y.shape == expected.output.shape)
    expectClose(y.doubles(), expected.output.values, tolerance, "output")
    for (x, input) in zip(inputs, expected.inputs) {
      expectClose(x.gradient!.doubles(), input.gradient, tolerance, "gradient of an input")
    }
    for (name, gradient) in expected.gradients {
      expectClose(arena[name]!.value.gradient!.doubles(), gradient, tolerance, "gradient of \(name)")
    }
  }

  @Test func aStackRunsItsBlocksInOrder() {
    let stack = Transformer(8, layers: 2, heads: 2)
    let arena = ParameterArena(stack, seed: 3, backend: cpu)
    #expect(arena["resblocks.1.mlp.c_proj.weight"]?.shape == [8, 32] && arena.entries.count == 24)
    let x = Tensor((0..<24).map { Double($0) / 10 }, shape: [1, 3, 8], backend: cpu)
    #expect(stack(x).floats() == stack.blocks[1](stack.blocks[0](x)).floats())
  }
}

extension TransformerBlockTests {
  /// Output, and gradients of the input and of every parameter, of three blocks with a bias of attention.
  private func numbers(recomputing: Bool, _ dtype: DType, operands: DType?, firstTokensOnly: Bool) -> [[Double]] {
    let backend = CPUBackend()
    let transformer = Transformer(8, layers: 3, heads: 2)
    let arena = ParameterArena(transformer, seed: 3, dtype: dtype, operandFormat: operands, backend: backend)
    let x = Tensor((0..<80).map { Double($0 * 37 % 23) / 10 - 1 }, shape: [2, 5, 8], dtype: dtype, backend: backend)
    x.collectGradient(in: .zeros([2, 5, 8], dtype: dtype, backend: backend))
    let bias = Tensor([0, 0, 0, -Double.infinity, 0, 0, 0, 0, 0, 0], shape: [2, 1, 5], dtype: dtype, backend: backend)
    let y = transformer.stream(x, bias: bias, firstTokensOnly: firstTokensOnly, recomputesBlocks: recomputing).sum
    (y * y).sum().backward()
    return [y.doubles(), x.gradient!.doubles(), arena.gradients.doubles()]
  }

  @Test(arguments: [(DType.float64, nil), (.float32, nil), (.float32, DType.bfloat16)], [false, true])
  func recomputedBlocksGiveTheSameBits(formats: (dtype: DType, operands: DType?), firstTokensOnly: Bool) {
    let results = [false, true].map { recomputing in
      numbers(recomputing: recomputing, formats.dtype, operands: formats.operands, firstTokensOnly: firstTokensOnly)
    }
    #expect(results[0] == results[1])
    #expect(results[0][2].contains { $0 != 0 })
  }
}
