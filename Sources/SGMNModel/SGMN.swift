import NeuralNetworks
import Randomness
import TensorCore
import TextModel

/// The Spatiotemporal Graph Guided Multi-modal Network (Hu et al., MM '24) as docs/model.md settles it.
///
/// Axes: N pairs, L frames a clip, F encoded frames, P tokens a picture, D embedding.
public struct SGMN: Module, Sendable {
  public let configuration: ModelConfiguration
  let visual: VisualEncoder
  let tmc: TemporalMotionCompensation?
  /// Where the model encodes texts itself; it reads ASR and titles alike.
  let textEncoder: BERTEncoder?
  let asr: TextFilter?
  let title: TextFilter?
  let gci: GraphInteraction?
  let smf: SelectiveFusion?

  public init(_ c: ModelConfiguration) throws {
    try c.validate()
    configuration = c
    visual = VisualEncoder(c)
    tmc = c.tmc ? TemporalMotionCompensation(c) : nil
    textEncoder = c.encodesText ? BERTEncoder(c.textEncoder.bert) : nil
    asr = c.text ? TextFilter(c) : nil
    title = c.text ? TextFilter(c) : nil
    gci = c.gci ? GraphInteraction(c) : nil
    smf = c.smf ? SelectiveFusion(c) : nil
  }

  public func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.module("visual", visual)
    visitor.module("tmc", tmc)
    visitor.module("text_encoder", textEncoder)
    visitor.module("asr", asr)
    visitor.module("title", title)
    visitor.module("gci", gci)
    visitor.module("smf", smf)
  }

  /// The losses of a batch, and the embeddings they were computed from.
  public func callAsFunction(
    _ batch: PairBatch, computation: Computation = Computation(), dtype: DType = .float32, backend: any Backend
  ) -> Output {
    let encoded = encode(batch, computation: computation, dtype: dtype, backend: backend)
    return losses(of: encoded, among: encoded.pairs)
  }

  /// The losses of an encoded batch.
  ///
  /// - Parameter all: what the losses between pairs compare. The batch's own pairs, or with `negatives: global` those of
  ///   all ranks, in an order that is the same on all; the numbers for drawn negatives must then be as many. The matcher
  ///   keeps to the batch.
  public func losses(of encoded: EncodedBatch, among all: PairEmbeddings) -> Output {
    let c = configuration
    let dtype = all.image.dtype
    let n = all.pairCount
    let triplet = TripletLoss(margin: c.margin, mining: c.mining, same: all.sameProducts)
    let numbers = encoded.uniform
    precondition(c.mining != .distance || numbers.count == 10 * n, "\(numbers.count) uniform numbers for \(n) pairs")
    let uniform = { (loss: Int) in
      numbers.isEmpty ? ArraySlice<Double>() : numbers[(loss * 2 * n)..<((loss + 1) * 2 * n)]
    }

    var output = Output(encoded)
    output.add("visual", triplet(all.clip, all.image, uniform: uniform(0)), weight: 1)
    if let texts = all.texts {
      let presence = all.textPresence.map { (a: $0.asr, b: $0.title) }
      output.add("text", triplet(texts.asr, texts.title, presence: presence, uniform: uniform(1)), weight: c.lambdaText)
    }
    if let gci {
      let (image, clip) = (all.image.converted(to: .float64), all.clip.converted(to: .float64))
      let graph = gci(image: image, clip: clip, frames: all.frames.converted(to: .float64), mask: all.mask)
      let losses =
        triplet(graph.clip, graph.image, uniform: uniform(2)) + triplet(clip, graph.image, uniform: uniform(3))
        + triplet(graph.clip, image, uniform: uniform(4))
      output.add("graph", losses.converted(to: dtype), weight: c.betaGraph)
      output.add("divergence", graph.divergence.converted(to: dtype), weight: c.betaGraph)
    }
    if let smf {
      let own = encoded.pairs
      let hard = HardExamples(
        similarity: similarity(clip: own.clip, image: own.image, texts: own.texts, textWeight: c.alphaText),
        same: own.sameProducts, candidateCount: c.hardExamples)
      output.add("match", smf(fusionInput(encoded), hard: hard), weight: c.betaMatch)
    }
    return output
  }

  private func fusionInput(_ encoded: EncodedBatch) -> SelectiveFusion.Input {
    let own = encoded.pairs
    let tokens = encoded.imageTokens.shape[1]
    return SelectiveFusion.Input(
      imageTokens: encoded.imageTokens,
      clipTokens: encoded.clipTokens ?? own.frames,
      clipMask: encoded.clipTokens == nil ? own.mask : own.mask.flatMap { [Bool](repeating: $0, count: tokens) },
      imageText: own.texts?.title, clipText: own.texts?.asr, textPresence: own.textPresence)
  }

  /// v·i + α·asr·title of every clip and image, (N, N), without gradient; v·i alone where one of the texts is missing,
  /// which is a row of zeros.
  private func similarity(
    clip: Tensor, image: Tensor, texts: (asr: Tensor, title: Tensor)?, textWeight: Double
  ) -> Tensor {
    let visual = clip.detached().product(image.detached(), transposingOther: true)
    guard let texts else { return visual }
    return visual + textWeight * texts.asr.detached().product(texts.title.detached(), transposingOther: true)
  }
}

extension SGMN {
  /// What a training step gets from a batch.
  public struct Output {
    /// Losses by name, unweighted, in the order of the objective.
    public private(set) var losses: [(name: String, value: Tensor)] = []
    /// The weighted sum that is trained on.
    public private(set) var total: Tensor?
    private let pairs: PairEmbeddings
    private let partwise: PartwiseEncoding?

    /// Keeps no token: what the backward pass has done with is freed.
    init(_ encoded: EncodedBatch) { (pairs, partwise) = (encoded.pairs, encoded.partwise) }

    /// Unit embeddings (N, D) of the batch's own pairs.
    public var image: Tensor { pairs.image }
    public var clip: Tensor { pairs.clip }
    /// Unit embeddings of the frames (N, L, D); those of frames that are not valid mean nothing.
    public var frames: Tensor { pairs.frames }
    public var texts: (asr: Tensor, title: Tensor)? { pairs.texts }

    /// Adds ∂total/∂p to the gradient of every parameter p, in one backward pass or, where the pictures are encoded in
    /// parts, in one for the losses and one for each part.
    ///
    /// - Parameter observer: follows the last pass. What that does not reach is complete before it begins.
    public func backward(observer: (any BackwardObserver)? = nil) {
      guard let partwise else {
        total?.backward(observer: observer)
        return
      }
      total?.backward()
      partwise.backward(observer: observer)
    }

    mutating func add(_ name: String, _ loss: Tensor, weight: Double) {
      losses.append((name, loss))
      let weighted = weight == 1 ? loss : weight * loss
      total = total.map { $0 + weighted } ?? weighted
    }
  }
}
