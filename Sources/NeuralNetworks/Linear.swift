import TensorCore

/// y = x·Wᵀ + b, W (outputs, inputs), b (outputs). Starts as PyTorch's: both uniform within 1/√inputs.
public struct Linear: Module, Sendable {
  public let weight: Parameter
  public let bias: Parameter

  public init(_ inputs: Int, _ outputs: Int) {
    let bound = 1 / Double(inputs).squareRoot()
    weight = Parameter([outputs, inputs], .matrix, .uniform(bound: bound))
    bias = Parameter([outputs], .bias, .uniform(bound: bound))
  }

  /// (…, inputs) -> (…, outputs), in the format of x.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    guard x.dtype == .float64 else { return x.linear(weight.operand, bias: bias.value) }
    return x.linear(weight.value.converted(to: .float64), bias: bias.value.converted(to: .float64))
  }

  /// The layer on quickGELU(x), x in the format of products.
  func callAsFunction(quickGELUOf x: Tensor) -> Tensor { x.quickGELULinear(weight.operand, bias: bias.value) }

  public func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.parameter("weight", weight)
    visitor.parameter("bias", bias)
  }
}

/// Layer normalisation over the last axis with γ (weight), β (bias) and ε.
public struct LayerNorm: Module, Sendable {
  public let weight: Parameter
  public let bias: Parameter
  let epsilon: Double

  public init(_ width: Int, epsilon: Double = 1e-5) {
    self.epsilon = epsilon
    weight = Parameter([width], .norm, .constant(1))
    bias = Parameter([width], .norm, .constant(0))
  }

  /// (…, width) -> (…, width), in the format of x.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    x.layerNorm(
      gamma: weight.value.converted(to: x.dtype), beta: bias.value.converted(to: x.dtype), epsilon: epsilon)
  }

  public func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.parameter("weight", weight)
    visitor.parameter("bias", bias)
  }
}
