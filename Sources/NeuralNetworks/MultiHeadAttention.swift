import TensorCore

/// Multi-head attention with the parameters of `torch.nn.MultiheadAttention`: one packed input projection (3·D, D) in
/// the order query, key, value.
public struct MultiHeadAttention: Module, Sendable {
  public let width: Int
  public let heads: Int
  let inputWeight: Parameter
  let inputBias: Parameter
  let output: Linear

  public init(_ width: Int, heads: Int) {
    precondition(width % heads == 0, "\(heads) heads do not divide a width of \(width)")
    self.width = width
    self.heads = heads
    inputWeight = Parameter([3 * width, width], .matrix, .normal(deviation: 1 / Double(width).squareRoot()))
    inputBias = Parameter([3 * width], .bias, .constant(0))
    output = Linear(width, width)
  }

  /// x (batch, tokens, D) attends to itself; the bias is that of `Tensor.selfAttention`.
  public func callAsFunction(_ x: Tensor, bias: Tensor? = nil) -> Tensor {
    output(x.linear(inputWeight.value, bias: inputBias.value).selfAttention(heads: heads, bias: bias))
  }

  /// x (batch, queries, D) attends to a memory (batch, keys, D).
  public func callAsFunction(_ x: Tensor, memory: Tensor, bias: Tensor? = nil) -> Tensor {
    attend(queries(of: x), to: keysAndValues(of: memory), bias: bias)
  }

  /// (…, D) -> (…, D)
  public func queries(of x: Tensor) -> Tensor {
    projected(x, 0..<width)
  }

  /// (…, D) -> (…, 2·D)
  public func keysAndValues(of memory: Tensor) -> Tensor {
    projected(memory, width..<3 * width)
  }

  /// The rest of the attention, from projections that were made before.
  public func attend(_ queries: Tensor, to keysAndValues: Tensor, bias: Tensor?) -> Tensor {
    output(queries.attention(to: keysAndValues, heads: heads, bias: bias))
  }

  /// A part of the input projection, in the format of x.
  private func projected(_ x: Tensor, _ rows: Range<Int>) -> Tensor {
    x.linear(inputWeight.rows(rows).converted(to: x.dtype), bias: inputBias.elements(rows).converted(to: x.dtype))
  }

  public func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.parameter("in_proj_weight", inputWeight)
    visitor.parameter("in_proj_bias", inputBias)
    visitor.module("out_proj", output)
  }
}
