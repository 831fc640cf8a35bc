import NeuralNetworks
import TensorCore

/// One domain's way through the graph: attention to the other domain, within its own, feed-forward, unit length.
struct GraphBranch: Module, Sendable {
  let cross: PostNormAttention
  let within: PostNormAttention
  let feedForward: FeedForward

  init(_ c: ModelConfiguration) {
    cross = PostNormAttention(c.embedDim, heads: c.gciHeads)
    within = PostNormAttention(c.embedDim, heads: c.gciHeads)
    feedForward = FeedForward(c.embedDim, hidden: c.embedDim)
  }

  /// x, other (N, D); graphs (N, N) as additive masks, or nil for plain attention.
  func callAsFunction(_ x: Tensor, other: Tensor, cross crossGraph: Tensor?, within withinGraph: Tensor?) -> Tensor {
    let mixed = cross(x, memory: other, graph: crossGraph)
    return feedForward(within(mixed, memory: mixed, graph: withinGraph)).unitRows()
  }

  func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.module("cross", cross)
    visitor.module("intra", within)
    visitor.module("ffn", feedForward)
  }
}

/// LayerNorm(x + attention(x, memory)) over rows (N, D).
struct PostNormAttention: Module, Sendable {
  let attention: MultiHeadAttention
  let norm: LayerNorm

  init(_ width: Int, heads: Int) {
    attention = MultiHeadAttention(width, heads: heads)
    norm = LayerNorm(width)
  }

  func callAsFunction(_ x: Tensor, memory: Tensor, graph: Tensor?) -> Tensor {
    let one = { (t: Tensor) in t.reshaped([1] + t.shape) }
    return norm(x + attention(one(x), memory: one(memory), bias: graph).reshaped(x.shape))
  }

  func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.module("attn", attention)
    visitor.module("norm", norm)
  }
}

/// LayerNorm(x + W₂·relu(W₁·x)).
struct FeedForward: Module, Sendable {
  let expansion: Linear
  let contraction: Linear
  let norm: LayerNorm

  init(_ width: Int, hidden: Int) {
    expansion = Linear(width, hidden)
    contraction = Linear(hidden, width)
    norm = LayerNorm(width)
  }

  func callAsFunction(_ x: Tensor) -> Tensor { norm(x + contraction(expansion(x).relu())) }

  func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.module("fc_1", expansion)
    visitor.module("fc_2", contraction)
    visitor.module("norm", norm)
  }
}

/// Sorted frame scores (…, L) -> relevance (…): a linear layer L→L, ReLU, L→1, in the format of the scores.
struct Relevance: Module, Sendable {
  let hidden: Linear
  let output: Linear

  init(frames: Int) {
    hidden = Linear(frames, frames)
    output = Linear(frames, 1)
  }

  func callAsFunction(_ scores: Tensor) -> Tensor {
    output(hidden(scores).relu()).reshaped(Array(scores.shape.dropLast()))
  }

  func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.module("fc_1", hidden)
    visitor.module("fc_2", output)
  }
}
