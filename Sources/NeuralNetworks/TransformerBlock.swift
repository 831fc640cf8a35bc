import TensorCore

/// CLIP's pre-norm residual block: x + attention(norm(x)), then x + MLP(norm(x)) with QuickGELU and four times the
/// width.
public struct TransformerBlock: Module, Sendable {
  let attention: MultiHeadAttention
  let norm1: LayerNorm
  let expansion: Linear
  let contraction: Linear
  let norm2: LayerNorm

  public init(_ width: Int, heads: Int) {
    attention = MultiHeadAttention(width, heads: heads)
    norm1 = LayerNorm(width)
    expansion = Linear(width, 4 * width)
    contraction = Linear(4 * width, width)
    norm2 = LayerNorm(width)
  }

  /// (batch, tokens, D) -> (batch, tokens, D)
  public func callAsFunction(_ x: Tensor, bias: Tensor? = nil) -> Tensor { self(ResidualStream(x), bias: bias).sum }

  func callAsFunction(_ stream: ResidualStream, bias: Tensor?) -> ResidualStream {
    addingMLP(attention(stream, norm: norm1, bias: bias))
  }

  /// The block's output for the first token of every item alone: (batch, tokens, D) -> (batch, 1, D). The others serve as
  /// keys and values only.
  func firstTokens(_ stream: ResidualStream, bias: Tensor?) -> ResidualStream {
    let (sum, memory) = attention.keysAndValues(of: stream, norm: norm1)
    let (batch, tokens, width) = (sum.shape[0], sum.shape[1], sum.shape[2])
    let first = sum.reshaped([batch * tokens, width])
      .gatheringRows((0..<batch).map { Int32($0 * tokens) }, shape: [batch, 1, width])
    let queries = attention.queries(of: ResidualStream(first), norm: norm1).result
    return addingMLP(ResidualStream(first, adding: attention.attend(queries, to: memory, bias: bias)))
  }

  /// What cross-attention needs of its input, made once where many memories are attended to: (…, D) -> (…, D).
  public func queries(of x: Tensor) -> Tensor { attention.queries(of: ResidualStream(x), norm: norm1).result }

  /// What cross-attention needs of a memory, made once where many inputs attend to it: (…, D) -> (…, 2·D).
  public func keysAndValues(of memory: Tensor) -> Tensor {
    attention.keysAndValues(of: ResidualStream(memory), norm: norm1).result
  }

  /// The block as cross-attention, from those two: x (batch, queries, D).
  public func callAsFunction(_ x: Tensor, queries: Tensor, keysAndValues: Tensor, bias: Tensor?) -> Tensor {
    addingMLP(ResidualStream(x, adding: attention.attend(queries, to: keysAndValues, bias: bias))).sum
  }

  private func addingMLP(_ stream: ResidualStream) -> ResidualStream {
    let (sum, hidden) = norm2.linear(stream, weight: expansion.weight.operand, bias: expansion.bias.value)
    return ResidualStream(sum, adding: contraction(quickGELUOf: hidden))
  }

  public func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.module("attn", attention)
    visitor.module("ln_1", norm1)
    visitor.module("mlp", Named([("c_fc", expansion), ("c_proj", contraction)]))
    visitor.module("ln_2", norm2)
  }
}

/// A stack of blocks.
public struct Transformer: Module, Sendable {
  public let blocks: [TransformerBlock]

  public init(_ width: Int, layers: Int, heads: Int) {
    blocks = (0..<layers).map { _ in TransformerBlock(width, heads: heads) }
  }

  /// (batch, tokens, D) -> (batch, tokens, D)
  public func callAsFunction(_ x: Tensor, bias: Tensor? = nil) -> Tensor { stream(x, bias: bias).sum }

  /// The output before its last sum is made, of all tokens, or of the first of every item: (batch, 1, D).
  ///
  /// - Parameter recomputesBlocks: whether every block keeps its input alone and is computed again in the backward pass.
  public func stream(
    _ x: Tensor, bias: Tensor? = nil, firstTokensOnly: Bool = false, recomputesBlocks: Bool = false
  ) -> ResidualStream {
    var stream = ResidualStream(x)
    for (number, block) in blocks.enumerated() {
      let isShort = firstTokensOnly && number == blocks.count - 1
      let body = { isShort ? block.firstTokens($0, bias: bias) : block($0, bias: bias) }
      stream = recomputesBlocks ? stream.recomputed(parameters: block.parameterValues, body) : body(stream)
    }
    return stream
  }

  public func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.module("resblocks", Named(blocks.enumerated().map { ("\($0)", $1) }))
  }
}

/// Modules under names that no type of their own is worth.
struct Named: Module {
  let modules: [(String, any Module)]

  init(_ modules: [(String, any Module)]) { self.modules = modules }

  func visitParameters(_ visitor: inout ParameterVisitor) {
    for (name, module) in modules { visitor.module(name, module) }
  }
}
