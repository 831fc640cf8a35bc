import NeuralNetworks
import TensorCore

/// BERT's encoder (Devlin et al. 2019): embeddings of words, positions and segments, then blocks that normalise behind
/// every sum.
///
///     x₀ = norm(word[id] + segment[0] + position[t]),   xₙ = block(xₙ₋₁),   pooled = projection·x[CLS]
///
/// Axes: N texts, T tokens, W width, E embedding. Texts are single: every token is in segment 0.
public struct BERTEncoder: Module, Sendable {
  /// Of all its layer norms.
  public static let epsilon = 1e-12

  public let configuration: BERTConfiguration
  let words: Parameter  // [V, W]
  let positions: Parameter  // [P, W]
  let segments: Parameter  // [S, W]
  let norm: LayerNorm
  let blocks: [BERTBlock]
  let projection: Parameter?  // [E, W]

  /// What the encoder makes of a batch.
  public struct Output {
    /// Features of every token, (N, T, W). Those behind the end of a text mean nothing.
    public let tokens: Tensor
    /// The projected feature of the first token, (N, E), or that feature itself, (N, W), where nothing projects it.
    public let pooled: Tensor
  }

  public init(_ c: BERTConfiguration) {
    configuration = c
    words = Parameter([c.vocabularySize, c.width], .embedding, .normal(deviation: 0.02))
    positions = Parameter([c.positions, c.width], .embedding, .normal(deviation: 0.02))
    segments = Parameter([c.segments, c.width], .embedding, .normal(deviation: 0.02))
    norm = LayerNorm(c.width, epsilon: Self.epsilon)
    blocks = (0..<c.layers).map { _ in BERTBlock(c) }
    projection =
      c.projection > 0
      ? Parameter([c.projection, c.width], .matrix, .normal(deviation: 1 / Double(c.width).squareRoot())) : nil
  }

  /// Texts of at most `configuration.positions` tokens, whose ids are below `configuration.vocabularySize`.
  public func callAsFunction(_ batch: TokenBatch) -> Output {
    let (texts, count, width) = (batch.lengths.count, batch.tokenCount, configuration.width)
    precondition(count <= configuration.positions, "\(count) tokens for \(configuration.positions) positions")
    let embedded = words.value.gatheringRows(batch.ids, shape: [texts, count, width])
      .addingSuffix(segments.rows(0..<1).reshaped([width])).addingSuffix(positions.rows(0..<count))
    let bias = keyBias(batch, like: embedded)
    let tokens = blocks.reduce(norm(embedded)) { x, block in block(x, bias: bias) }
    let first = tokens.reshaped([texts * count, width])
      .gatheringRows((0..<texts).map { Int32($0 * count) }, shape: [texts, width])
    return Output(tokens: tokens, pooled: projection.map { first.linear($0.operand) } ?? first)
  }

  /// 0 where a text has a token, −∞ behind its end, (N, 1, T); nil where all are of one length. In the format of x, for
  /// attention in that of products takes float32, too.
  private func keyBias(_ batch: TokenBatch, like x: Tensor) -> Tensor? {
    guard batch.lengths.contains(where: { $0 < batch.tokenCount }) else { return nil }
    let values = batch.lengths.flatMap { length in
      (0..<batch.tokenCount).map { $0 < length ? 0 : -Float.infinity }
    }
    return Tensor(values, shape: [batch.lengths.count, 1, batch.tokenCount], dtype: x.dtype, backend: x.backend)
  }

  public func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.parameter("word_embedding", words)
    visitor.parameter("position_embedding", positions)
    visitor.parameter("segment_embedding", segments)
    visitor.module("ln_embedding", norm)
    visitor.module("transformer", Blocks(blocks: blocks))
    if let projection { visitor.parameter("projection", projection) }
  }

  /// The blocks under the names they have in checkpoints.
  private struct Blocks: Module {
    let blocks: [BERTBlock]

    func visitParameters(_ visitor: inout ParameterVisitor) {
      for (number, block) in blocks.enumerated() { visitor.module("resblocks.\(number)", block) }
    }
  }
}
