import NeuralNetworks
import TensorCore

/// A post-norm block: a = norm(x + attention(x)), then norm(a + MLP(a)) with the exact GELU.
struct BERTBlock: Module, Sendable {
  let attention: MultiHeadAttention
  let norm1: LayerNorm
  let expansion: Linear
  let contraction: Linear
  let norm2: LayerNorm

  init(_ c: BERTConfiguration) {
    attention = MultiHeadAttention(c.width, heads: c.heads)
    norm1 = LayerNorm(c.width, epsilon: BERTEncoder.epsilon)
    expansion = Linear(c.width, c.hidden)
    contraction = Linear(c.hidden, c.width)
    norm2 = LayerNorm(c.width, epsilon: BERTEncoder.epsilon)
  }

  /// (N, T, W) -> (N, T, W); the bias is that of `Tensor.selfAttention`.
  ///
  /// Sums, norms and GELU are in the format of x, attention in that of products.
  func callAsFunction(_ x: Tensor, bias: Tensor?) -> Tensor {
    let format = x.dtype == .float32 ? expansion.weight.operand.dtype : x.dtype
    let attended = norm1(x + attention(x.converted(to: format), bias: bias).converted(to: x.dtype))
    return norm2(attended + contraction(expansion(attended).gelu()))
  }

  func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.module("attn", attention)
    visitor.module("ln_1", norm1)
    visitor.module("mlp.c_fc", expansion)
    visitor.module("mlp.c_proj", contraction)
    visitor.module("ln_2", norm2)
  }
}
