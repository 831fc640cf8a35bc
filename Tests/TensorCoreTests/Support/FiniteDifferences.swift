import Randomness
import TensorCore
import Testing

/// One worker for all tests.
let cpu = CPUBackend()

/// The numbers of an input, rounded to float32 so that both formats start from the same ones.
struct Numbers {
  var values: [Double]
  var shape: [Int]
  /// Whether a gradient is wanted.
  var isTracked = true

  init(_ values: [Double], shape: [Int], isTracked: Bool = true) {
    self.values = values.map { Double(Float($0)) }
    self.shape = shape
    self.isTracked = isTracked
  }

  /// Standard normal numbers that depend on `seed` and the shape.
  static func normal(_ shape: [Int], seed: UInt64 = 1) -> Numbers {
    var stream = RandomStream(seed: seed, purpose: "test", indices: shape)
    return Numbers((0..<shape.reduce(1, *)).map { _ in stream.normal() }, shape: shape)
  }

  static func uniform(_ range: ClosedRange<Double>, _ shape: [Int], seed: UInt64 = 1) -> Numbers {
    var stream = RandomStream(seed: seed, purpose: "test", indices: shape)
    return Numbers(
      (0..<shape.reduce(1, *)).map { _ in stream.uniform(range.lowerBound, range.upperBound) }, shape: shape)
  }

  /// An input without gradient: a mask, a constant.
  static func constant(_ values: [Double], _ shape: [Int]) -> Numbers {
    Numbers(values, shape: shape, isTracked: false)
  }

  func untracked() -> Numbers { Numbers(values, shape: shape, isTracked: false) }

  func tensor(_ dtype: DType) -> Tensor { Tensor(values, shape: shape, dtype: dtype, backend: cpu) }

  /// A tensor whose gradient is collected, where it is wanted.
  func leaf(_ dtype: DType) -> Tensor {
    let x = tensor(dtype)
    if isTracked { x.collectGradient(in: .zeros(shape, dtype: dtype, backend: cpu)) }
    return x
  }
}

/// A function's output, and the gradients of Σ weights · output with fixed weights (nil where untracked).
struct Evaluation {
  var output: [Double]
  var shape: [Int]
  var gradients: [[Double]?]
}

func evaluate(_ inputs: [Numbers], _ dtype: DType, weights: [Double]? = nil, _ function: ([Tensor]) -> Tensor)
  -> Evaluation
{
  let leaves = inputs.map { $0.leaf(dtype) }
  let y = function(leaves)
  let weights = weights.map { Numbers($0, shape: y.shape) } ?? Numbers.normal(y.shape, seed: 99)
  (y * weights.tensor(dtype)).sum().backward()
  return Evaluation(output: y.doubles(), shape: y.shape, gradients: leaves.map { $0.gradient?.doubles() })
}

/// Holds every gradient of `function` in float64 against central differences, and its float32 form against float64.
func expectRightGradients(
  _ inputs: [Numbers], step: Double = 1e-6, tolerance: Double = 1e-6, singleTolerance: Double = 1e-5,
  _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation, _ function: ([Tensor]) -> Tensor
) {
  let exact = evaluate(inputs, .float64, function)
  let weights = Numbers.normal(exact.shape, seed: 99).values
  for (i, input) in inputs.enumerated() where input.isTracked {
    guard let gradient = exact.gradients[i] else { continue }
    let differences = input.values.indices.map { element in
      let sides = [step, -step].map { shift in
        var moved = inputs
        moved[i].values[element] += shift
        return GradientRecording.off { function(moved.map { $0.tensor(.float64) }).doubles() }
      }
      return zip(weights, zip(sides[0], sides[1])).reduce(0) { $0 + $1.0 * ($1.1.0 - $1.1.1) } / (2 * step)
    }
    expectClose(
      gradient, differences, tolerance, "gradient of input \(i) of shape \(input.shape) against differences",
      sourceLocation)
  }
  let single = evaluate(inputs, .float32, function)
  expectClose(single.output, exact.output, singleTolerance, "float32 output", sourceLocation)
  for (i, gradient) in exact.gradients.enumerated() {
    guard let gradient, let other = single.gradients[i] else { continue }
    expectClose(other, gradient, singleTolerance, "float32 gradient of input \(i)", sourceLocation)
  }
}

/// Equal within `tolerance` times the larger of 0.1 and the largest finite expected number; infinities must be the same.
func expectClose(
  _ actual: [Double], _ expected: [Double], _ tolerance: Double, _ what: Comment? = nil,
  _ sourceLocation: SourceLocation = #_sourceLocation
) {
  guard actual.count == expected.count else {
    Issue.record("\(actual.count) numbers for \(expected.count): \(what ?? "")", sourceLocation: sourceLocation)
    return
  }
  let scale = expected.filter(\.isFinite).map(abs).reduce(0.1, max)
  for (i, (a, e)) in zip(actual, expected).enumerated() where !(a == e || abs(a - e) <= tolerance * scale) {
    Issue.record("\(what ?? ""): element \(i) is \(a), expected \(e)", sourceLocation: sourceLocation)
    return
  }
}
