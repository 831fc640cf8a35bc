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
    output(projected(x, 0..<3 * width).selfAttention(heads: heads, bias: bias))
  }

  /// x (batch, queries, D) attends to a memory (batch, keys, D).
  public func callAsFunction(_ x: Tensor, memory: Tensor, bias: Tensor? = nil) -> Tensor {
    attend(projected(x, 0..<width), to: projected(memory, width..<3 * width), bias: bias)
  }

  /// norm(stream) attends to itself, and the stream is added what comes out.
  func callAsFunction(_ stream: ResidualStream, norm: LayerNorm, bias: Tensor?) -> ResidualStream {
    let (sum, packed) = norm.linear(stream, weight: inputWeight.operand, bias: inputBias.value)
    return ResidualStream(sum, adding: output(packed.selfAttention(heads: heads, bias: bias)))
  }

  /// Projections of norm(stream) for attention to another memory: (…, D) -> (…, D).
  func queries(of stream: ResidualStream, norm: LayerNorm) -> (sum: Tensor, result: Tensor) {
    norm.linear(stream, weight: inputWeight.operandRows(0..<width), bias: inputBias.elements(0..<width))
  }

  /// Projections of norm(stream) as a memory: (…, D) -> (…, 2·D).
  func keysAndValues(of stream: ResidualStream, norm: LayerNorm) -> (sum: Tensor, result: Tensor) {
    let rows = width..<3 * width
    return norm.linear(stream, weight: inputWeight.operandRows(rows), bias: inputBias.elements(rows))
  }

  /// The rest of the attention, from projections that were made before.
  func attend(_ queries: Tensor, to keysAndValues: Tensor, bias: Tensor?) -> Tensor {
    output(queries.attention(to: keysAndValues, heads: heads, bias: bias))
  }

  /// A part of the input projection, in the format of x.
  private func projected(_ x: Tensor, _ rows: Range<Int>) -> Tensor {
    guard x.dtype == .float64 else { return x.linear(inputWeight.operandRows(rows), bias: inputBias.elements(rows)) }
    return x.linear(
      inputWeight.rows(rows).converted(to: .float64), bias: inputBias.elements(rows).converted(to: .float64))
  }

  public func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.parameter("in_proj_weight", inputWeight)
    visitor.parameter("in_proj_bias", inputBias)
    visitor.module("out_proj", output)
  }
}
