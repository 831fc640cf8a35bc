import NeuralNetworks
import Randomness
import TensorCore

/// The Spatiotemporal Graph Guided Multi-modal Network (Hu et al., MM '24) as docs/model.md settles it.
///
/// Axes: N pairs, L frames a clip, F encoded frames, P tokens a picture, D embedding.
public struct SGMN: Module, Sendable {
  public let configuration: ModelConfiguration
  let visual: VisualEncoder
  let tmc: TemporalMotionCompensation?
  let asr: TextFilter?
  let title: TextFilter?
  let gci: GraphInteraction?
  let smf: SelectiveFusion?

  public init(_ c: ModelConfiguration) throws {
    try c.validate()
    configuration = c
    visual = VisualEncoder(c)
    tmc = c.tmc ? TemporalMotionCompensation(c) : nil
    asr = c.text ? TextFilter(c) : nil
    title = c.text ? TextFilter(c) : nil
    gci = c.gci ? GraphInteraction(c) : nil
    smf = c.smf ? SelectiveFusion(c) : nil
  }

  public func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.module("visual", visual)
    visitor.module("tmc", tmc)
    visitor.module("asr", asr)
    visitor.module("title", title)
    visitor.module("gci", gci)
    visitor.module("smf", smf)
  }

  /// The losses of a batch, and the embeddings they were computed from.
  public func callAsFunction(_ batch: PairBatch, dtype: DType = .float32, backend: any Backend) -> Output {
    let c = configuration
    let n = batch.pairCount
    let needsPatches = c.smf && c.smfTokens == .patch
    let encoded = encode(batch, classTokensOnly: !needsPatches, dtype: dtype, backend: backend)
    let (i, v) = (encoded.image, encoded.clip)
    let same = Tensor(
      batch.productKeys.flatMap { a in batch.productKeys.map { a == $0 ? Float(1) : 0 } }, shape: [n, n], dtype: dtype,
      backend: backend)
    let triplet = TripletLoss(margin: c.margin, mining: c.mining, same: same)
    let uniform = { (loss: Int) in
      batch.uniform.isEmpty ? ArraySlice<Double>() : batch.uniform[(loss * 2 * n)..<((loss + 1) * 2 * n)]
    }

    var output = Output(image: i, clip: v, frames: encoded.frames)
    output.add("visual", triplet(v, i, uniform: uniform(0)), weight: 1)
    if let texts = encodeTexts(batch, dtype: dtype, backend: backend) {
      output.texts = texts
      output.add("text", triplet(texts.asr, texts.title, uniform: uniform(1)), weight: c.lambdaText)
    }
    if let gci {
      let (image, clip) = (i.converted(to: .float64), v.converted(to: .float64))
      let graph = gci(image: image, clip: clip, frames: encoded.frames.converted(to: .float64), mask: batch.mask)
      let losses =
        triplet(graph.clip, graph.image, uniform: uniform(2)) + triplet(clip, graph.image, uniform: uniform(3))
        + triplet(graph.clip, image, uniform: uniform(4))
      output.add("graph", losses.converted(to: dtype), weight: c.betaGraph)
      output.add("divergence", graph.divergence.converted(to: dtype), weight: c.betaGraph)
    }
    if let smf {
      let hard = HardExamples(
        similarity: similarity(clip: v, image: i, texts: output.texts, textWeight: c.alphaText), same: same,
        candidateCount: c.hardExamples)
      output.add("match", smf(fusionInput(encoded, output.texts, batch), hard: hard), weight: c.betaMatch)
    }
    return output
  }

  private func fusionInput(
    _ encoded: EncodedPairs, _ texts: (asr: Tensor, title: Tensor)?, _ batch: PairBatch
  ) -> SelectiveFusion.Input {
    let tokens = encoded.imageTokens.shape[1]
    return SelectiveFusion.Input(
      imageTokens: encoded.imageTokens,
      clipTokens: encoded.clipTokens ?? encoded.frames,
      clipMask: encoded.clipTokens == nil
        ? batch.mask : batch.mask.flatMap { [Bool](repeating: $0, count: tokens) },
      imageText: texts?.title, clipText: texts?.asr)
  }

  /// v·i + α·asr·title of every clip and image, (N, N), without gradient.
  private func similarity(
    clip: Tensor, image: Tensor, texts: (asr: Tensor, title: Tensor)?, textWeight: Double
  ) -> Tensor {
    let visual = clip.detached().product(image.detached(), transposingOther: true)
    guard let texts else { return visual }
    return visual + textWeight * texts.asr.detached().product(texts.title.detached(), transposingOther: true)
  }

  /// Unit text embeddings (N, D) of the ASR and the title, or nil without text.
  private func encodeTexts(_ batch: PairBatch, dtype: DType, backend: any Backend) -> (asr: Tensor, title: Tensor)? {
    guard let asr, let title else { return nil }
    return (
      asr(batch.asr, texts: batch.pairCount, dtype: dtype, backend: backend).unitRows(),
      title(batch.title, texts: batch.pairCount, dtype: dtype, backend: backend).unitRows()
    )
  }
}

extension SGMN {
  /// What a training step gets from a batch.
  public struct Output {
    /// Losses by name, unweighted, in the order of the objective.
    public private(set) var losses: [(name: String, value: Tensor)] = []
    /// The weighted sum that is trained on.
    public private(set) var total: Tensor?
    /// Unit embeddings (N, D).
    public let image: Tensor
    public let clip: Tensor
    /// Unit embeddings of the frames (N, L, D); those of frames that are not valid mean nothing.
    public let frames: Tensor
    public var texts: (asr: Tensor, title: Tensor)?

    init(image: Tensor, clip: Tensor, frames: Tensor) {
      self.image = image
      self.clip = clip
      self.frames = frames
    }

    mutating func add(_ name: String, _ loss: Tensor, weight: Double) {
      losses.append((name, loss))
      let weighted = weight == 1 ? loss : weight * loss
      total = total.map { $0 + weighted } ?? weighted
    }
  }
}
