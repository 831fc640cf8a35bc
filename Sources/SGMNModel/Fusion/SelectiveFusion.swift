import NeuralNetworks
import TensorCore

/// Selective multi-modal fusion (docs/model.md, "SMF"): text is fused into the tokens of clips and images, and a
/// matcher learns to tell a pair from its hardest look-alikes. Training only.
///
/// Axes: N pairs, I tokens of an image, S tokens of a clip, D embedding, K candidates (the positive first).
public struct SelectiveFusion: Module, Sendable {
  let configuration: ModelConfiguration
  let textFusion: TextFusion?
  let position: Parameter  // [I, D]
  let selfAttention: TransformerBlock
  let crossAttention: TransformerBlock
  let score: Linear

  public init(_ c: ModelConfiguration) {
    configuration = c
    textFusion = c.text ? TextFusion(c) : nil
    let tokens = c.smfTokens == .patch ? c.tokenCount : 1
    position = Parameter([tokens, c.embedDim], .embedding, .normal(deviation: 0.02))
    selfAttention = TransformerBlock(c.embedDim, heads: c.smfHeads)
    crossAttention = TransformerBlock(c.embedDim, heads: c.smfHeads)
    score = Linear(c.embedDim, 1)
  }

  /// What the matcher compares; texts are unit embeddings (N, D), or nil in a model without text.
  public struct Input {
    public var imageTokens: Tensor  // (N, I, D)
    public var clipTokens: Tensor  // (N, S, D)
    public var clipMask: [Bool]  // [N, S]
    public var imageText: Tensor?
    public var clipText: Tensor?
    /// Which pairs have which text; nil where none is missing.
    public var textPresence: TextPresence?
  }

  /// The matching loss: cross-entropy of every pair against its hard examples, images for a clip and clips for an
  /// image, averaged.
  public func callAsFunction(_ input: Input, hard: HardExamples) -> Tensor {
    let n = input.imageTokens.shape[0]
    let images = fused(input.imageTokens.unitRows(), input.imageText, input.textPresence?.title)
    let clips = fused(input.clipTokens.unitRows(), input.clipText, input.textPresence?.asr)
    // What depends on one image or one clip alone is made once, not once a candidate.
    let image = selfAttention(images.addingSuffix(position.value))
    let queries = crossAttention.queries(of: image)
    let memory = crossAttention.keysAndValues(of: clips)
    let mask = keyBias(input.clipMask, n, like: clips)

    let scores = matching(image, queries, memory, mask, hard: hard)
    return 0.5 * (crossEntropy(scores.clipToImages, hard.images) + crossEntropy(scores.imageToClips, hard.clips))
  }

  /// Scores of every clip with its candidate images and of every image with its candidate clips, (N, K) each.
  private func matching(
    _ image: Tensor, _ queries: Tensor, _ memory: Tensor, _ mask: Tensor, hard: HardExamples
  ) -> (clipToImages: Tensor, imageToClips: Tensor) {
    let (n, tokens, width) = (image.shape[0], image.shape[1], image.shape[2])
    let k = hard.candidateCount
    let keys = memory.shape[1]
    // A clip is one memory that the tokens of all its candidate images attend to.
    let candidateImages = hard.images.candidates
    let forClips = crossAttention(
      image.pickingItems(candidateImages, shape: [n, k * tokens, width]),
      queries: queries.pickingItems(candidateImages, shape: [n, k * tokens, width]), keysAndValues: memory, bias: mask)
    let candidateClips = hard.clips.candidates
    let own = (0..<n).flatMap { [Int](repeating: $0, count: k) }
    let forImages = crossAttention(
      image.pickingItems(own, shape: [n * k, tokens, width]),
      queries: queries.pickingItems(own, shape: [n * k, tokens, width]),
      keysAndValues: memory.pickingItems(candidateClips, shape: [n * k, keys, 2 * width]),
      bias: mask.pickingItems(candidateClips, shape: [n * k, 1, keys]))
    let scored = { (x: Tensor) in
      score(x.reshaped([n * k, tokens, width]).mean(axis: 1)).reshaped([n, k])
    }
    return (scored(forClips), scored(forImages))
  }

  /// −log softmax of the first column, averaged over the rows; candidates that are no look-alikes take no part.
  private func crossEntropy(_ scores: Tensor, _ mined: HardExamples.Direction) -> Tensor {
    let (n, k) = (scores.shape[0], scores.shape[1])
    let unusable = Tensor(
      mined.isUsable.map { $0 ? Float(0) : 1 }, shape: [n, k], dtype: scores.dtype, backend: scores.backend)
    let first = IndexTensor([Int32](repeating: 0, count: n), backend: scores.backend)
    return -1 * scores.filled(where: unusable, with: -.infinity).logSoftmax().gatheringColumns(first).mean()
  }

  private func fused(_ tokens: Tensor, _ text: Tensor?, _ isPresent: [Bool]?) -> Tensor {
    guard let textFusion, let text else { return tokens }
    return textFusion(tokens, text: text, isPresent: isPresent)
  }

  public func visitParameters(_ visitor: inout ParameterVisitor) {
    if let textFusion {
      visitor.module("text", textFusion.text)
      visitor.module("text_norm", textFusion.norm)
      visitor.module("ffn", textFusion.feedForward)
    }
    visitor.parameter("position", position)
    visitor.module("self_attention", selfAttention)
    visitor.module("cross_attention", crossAttention)
    visitor.module("score", score)
  }
}

/// Text into tokens: LayerNorm(x + Linear(text)), then feed-forward. (Attention to a single text token is that map.)
///
/// Where there is no text, attention has nothing to attend to and adds nothing: LayerNorm(x), then feed-forward. So all
/// tokens that the matcher compares are of one scale, whether their pair has a text or not.
struct TextFusion: Sendable {
  let text: Linear
  let norm: LayerNorm
  let feedForward: FeedForward

  init(_ c: ModelConfiguration) {
    text = Linear(c.embedDim, c.embedDim)
    norm = LayerNorm(c.embedDim)
    feedForward = FeedForward(c.embedDim, hidden: c.fusionHidden)
  }

  /// tokens (N, T, D), text (N, D) and which of them are there, nil for all -> (N, T, D)
  func callAsFunction(_ tokens: Tensor, text embedding: Tensor, isPresent: [Bool]? = nil) -> Tensor {
    let (n, count) = (tokens.shape[0], tokens.shape[1])
    let rows = (0..<n).flatMap { row in
      [Int32](repeating: isPresent?[row] == false ? -1 : Int32(row), count: count)
    }
    let repeated = text(embedding).gatheringRows(rows, shape: tokens.shape)
    return feedForward(norm(tokens + repeated))
  }
}

extension Tensor {
  /// Items of the first axis by number, as `shape`: (N, …) -> (picks · …). A picked item is one long row.
  func pickingItems(_ items: [Int], shape: [Int]) -> Tensor {
    let length = count / max(1, self.shape[0])
    return reshaped([self.shape[0], length])
      .gatheringRows(items.map { Int32($0) }, shape: [items.count, length]).reshaped(shape)
  }
}
