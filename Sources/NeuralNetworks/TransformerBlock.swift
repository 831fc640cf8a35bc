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
  public func callAsFunction(_ x: Tensor, bias: Tensor? = nil) -> Tensor {
    addingMLP(x + attention(norm1(x), bias: bias))
  }

  /// What cross-attention needs of its input, made once where many memories are attended to: (…, D) -> (…, D).
  public func queries(of x: Tensor) -> Tensor { attention.queries(of: norm1(x)) }

  /// What cross-attention needs of a memory, made once where many inputs attend to it: (…, D) -> (…, 2·D).
  public func keysAndValues(of memory: Tensor) -> Tensor { attention.keysAndValues(of: norm1(memory)) }

  /// The block as cross-attention, from those two: x (batch, queries, D).
  public func callAsFunction(_ x: Tensor, queries: Tensor, keysAndValues: Tensor, bias: Tensor?) -> Tensor {
    addingMLP(x + attention.attend(queries, to: keysAndValues, bias: bias))
  }

  private func addingMLP(_ x: Tensor) -> Tensor { x + contraction(expansion(norm2(x)).quickGELU()) }

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
  public func callAsFunction(_ x: Tensor, bias: Tensor? = nil) -> Tensor {
    blocks.reduce(x) { $1($0, bias: bias) }
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
