import NeuralNetworks
import TensorCore

/// Graph-based cross-domain interaction (docs/model.md, "GCI"): the 2N images and clips of a batch exchange what they
/// know along the edges of a graph. Training only.
///
/// All of it runs in float64: along a row, scores and relevance differ little, and their gradients are what remains
/// when nearly equal terms cancel. Beside the encoder its cost cannot be seen.
///
/// Axes: N pairs, L frames, D embedding. Rows of a clip→image matrix are clips.
public struct GraphInteraction: Module, Sendable {
  let configuration: ModelConfiguration
  let relevanceClipToImage: Relevance
  let relevanceImageToClip: Relevance
  let image: GraphBranch
  let clip: GraphBranch

  public struct Output {
    /// Unit embeddings after the graph, (N, D), in float64.
    public var image: Tensor
    public var clip: Tensor
    /// KL(softmax R ‖ softmax H), both ways: a scalar in float64.
    public var divergence: Tensor
  }

  public init(_ c: ModelConfiguration) {
    configuration = c
    relevanceClipToImage = Relevance(frames: c.frames)
    relevanceImageToClip = Relevance(frames: c.frames)
    image = GraphBranch(c)
    clip = GraphBranch(c)
  }

  /// Unit images i (N, D), clips v (N, D) and frames (N, L, D) in float64, mask [N, L].
  public func callAsFunction(image i: Tensor, clip v: Tensor, frames: Tensor, mask: [Bool]) -> Output {
    let c = configuration
    let scores = FrameScores(frames: frames.detached(), images: i.detached(), mask: mask)
    let mean = scores.mean
    let relevanceVI = mean + relevanceClipToImage(scores.ranked)
    let relevanceIV = (mean + relevanceImageToClip(scores.ranked)).transposed()
    let relevanceVV = (-1 * distances(v, v)).exp()
    let relevanceII = (-1 * distances(i, i)).exp()

    let graphIV = edges(relevanceIV, by: mean.transposed(), isOn: c.graphCross)
    let graphVI = edges(relevanceVI, by: mean, isOn: c.graphCross)
    let (constantI, constantV) = (i.detached(), v.detached())
    let graphII = edges(relevanceII, by: constantI.product(constantI, transposingOther: true), isOn: c.graphI2I)
    let graphVV = edges(relevanceVV, by: constantV.product(constantV, transposingOther: true), isOn: c.graphV2V)

    let target = (-1 * distances(constantV, constantI)).exp()
    return Output(
      image: image(i, other: v, cross: graphIV, within: graphII),
      clip: clip(v, other: i, cross: graphVI, within: graphVV),
      divergence: divergence(relevanceVI, from: target) + divergence(relevanceIV, from: target.transposed()))
  }

  /// The relevance where two nodes are connected, -inf elsewhere; nil (plain attention) where the graph is off.
  ///
  /// A row keeps the scores that are at least its k-th largest, k = max(1, ⌊ratio·N⌋).
  private func edges(_ relevance: Tensor, by scores: Tensor, isOn: Bool) -> Tensor? {
    guard isOn else { return nil }
    let n = scores.columnCount
    let kept = max(1, Int(Double(n) * configuration.connectionRatio))
    let last = scores.top(kept).values.gatheringColumns(
      IndexTensor([Int32](repeating: Int32(kept - 1), count: n), backend: scores.backend))
    let connected = scores.isAtLeast(column: last)
    return relevance.filled(where: -1 * connected + 1, with: -.infinity)
  }

  /// √max(2 − 2·cos, 1e-6) of the rows of p and q, unit vectors.
  private func distances(_ p: Tensor, _ q: Tensor) -> Tensor {
    (-2 * p.product(q, transposingOther: true) + 2).atLeast(1e-6).squareRoot()
  }

  /// Mean over the rows of KL(softmax r ‖ softmax s).
  private func divergence(_ r: Tensor, from s: Tensor) -> Tensor {
    (1 / Double(r.rowCount)) * (r.softmax() * (r.logSoftmax() - s.logSoftmax())).sum()
  }

  public func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.module("relevance_v2i", relevanceClipToImage)
    visitor.module("relevance_i2v", relevanceImageToClip)
    visitor.module("image", image)
    visitor.module("video", clip)
  }
}
