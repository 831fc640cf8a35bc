import TensorCore
import Testing

/// Every operator against PyTorch: outputs and gradients, in both formats.
@Suite struct PyTorchTests {
  typealias Function = @Sendable ([Tensor], OperatorFixtures.Case) -> Tensor

  static let functions: [String: Function] = [
    "linear": { x, _ in x[0].linear(x[1], bias: x[2]) },
    "linear_without_bias": { x, _ in x[0].linear(x[1]) },
    "product": { x, _ in x[0].product(x[1]) },
    "transposed": { x, _ in x[0].transposed() },
    "layer_norm": { x, _ in x[0].layerNorm(gamma: x[1], beta: x[2]) },
    "attention_with_key_mask": { x, _ in attention(x) },
    "attention_with_graph": { x, _ in attention(x) },
    "cross_attention": { x, _ in
      x[0].linear(x[2], bias: x[4]).attention(to: x[1].linear(x[3], bias: x[5]), heads: 3).linear(x[6], bias: x[7])
    },
    "relu": { x, _ in x[0].relu() },
    "leaky_relu": { x, _ in x[0].leakyReLU(slope: 0.2) },
    "gelu": { x, _ in x[0].gelu() },
    "sigmoid": { x, _ in x[0].sigmoid() },
    "quick_gelu": { x, _ in x[0].quickGELU() },
    "exp": { x, _ in x[0].exp() },
    "at_least": { x, _ in x[0].atLeast(0.25) },
    "log": { x, _ in x[0].log() },
    "square_root": { x, _ in x[0].squareRoot() },
    "reciprocal": { x, _ in x[0].reciprocal() },
    "softmax": { x, _ in x[0].softmax() },
    "log_softmax": { x, _ in x[0].logSoftmax() },
    "masked_softmax": { x, _ in x[0].filled(where: x[1], with: -.infinity).softmax() },
    "top": { x, _ in x[0].top(4).values },
    "sorted": { x, _ in x[0].sortedDescending().values },
    "row_maximum": { x, _ in x[0].rowMaximum() },
    "gather_columns": { x, c in x[0].gatheringColumns(IndexTensor(c.indices!, backend: cpu)) },
    "gather_rows": { x, c in x[0].gatheringRows(c.indices!, shape: c.output.shape) },
    "diagonal": { x, _ in x[0].diagonal() },
    "concatenate_rows": { x, _ in x[0].concatenatingRows(x[1]) },
    "sum": { x, _ in x[0].sum() },
    "mean": { x, _ in x[0].mean() },
    "row_sums": { x, _ in x[0].rowSums() },
    "sum_axis": { x, _ in x[0].sum(axis: 1) },
    "mean_axis": { x, _ in x[0].mean(axis: 0) },
    "unit_rows": { x, _ in x[0].unitRows() },
    "adding_suffix": { x, _ in x[0].addingSuffix(x[1]) },
    "adding_column": { x, _ in x[0].addingColumn(x[1]) },
    "scaling_rows": { x, _ in x[0].scalingRows(by: x[1]) },
    "multiply": { x, _ in x[0] * x[1] },
    "subtract": { x, _ in x[0] - x[1] },
    "patches": { x, c in
      let bytes = x[1].doubles().map { UInt8($0) }
      let rows = Tensor.patches(
        of: [bytes], size: 4, patch: 2, mean: c.mean!, deviation: c.deviation!, dtype: x[0].dtype, backend: cpu)
      return rows.linear(x[0].reshaped([5, 12]))
    },
  ]

  private static func attention(_ x: [Tensor]) -> Tensor {
    x[0].linear(x[1], bias: x[2]).selfAttention(heads: 3, bias: x[5]).linear(x[3], bias: x[4])
  }

  @Test(arguments: [(DType.float64, 1e-10), (DType.float32, 1e-5)])
  func outputsAndGradients(dtype: DType, tolerance: Double) throws {
    let cases = try OperatorFixtures.load().cases
    #expect(Set(cases.map(\.name)) == Set(Self.functions.keys))
    for fixture in cases {
      let function = try #require(Self.functions[fixture.name])
      let inputs = fixture.inputs.map {
        Numbers($0.values.map(\.value), shape: $0.shape, isTracked: $0.gradient != nil)
      }
      let result = evaluate(inputs, dtype, weights: fixture.weights.map(\.value)) { function($0, fixture) }
      #expect(result.shape == fixture.output.shape, "\(fixture.name)")
      expectClose(result.output, fixture.output.values.map(\.value), tolerance, "\(fixture.name)")
      for (i, input) in fixture.inputs.enumerated() {
        guard let expected = input.gradient, let gradient = result.gradients[i] else { continue }
        expectClose(gradient, expected.map(\.value), tolerance, "\(fixture.name), gradient of input \(i)")
      }
    }
  }
}
