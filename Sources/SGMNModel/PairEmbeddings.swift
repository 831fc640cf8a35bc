import TensorCore

/// What the losses between pairs compare: of a rank's own batch, or of all ranks together (`negatives: global`).
///
/// Axes: N pairs, L frames a clip, D embedding.
public struct PairEmbeddings {
  /// Unit embeddings, (N, D).
  public var image: Tensor
  public var clip: Tensor
  /// Unit embeddings of the frames, (N, L, D); those of frames that are not valid mean nothing. The losses between pairs
  /// send no gradient into them.
  public var frames: Tensor
  /// Unit embeddings of the texts, (N, D), or nil without text; rows of zeros for texts that are missing.
  public var texts: (asr: Tensor, title: Tensor)?
  /// Which texts are there; nil where none is missing.
  public var textPresence: TextPresence?
  /// Which frames are valid, [N, L].
  public var mask: [Bool]
  /// Equal where two pairs show the same product, [N].
  public var productKeys: [UInt64]

  public init(
    image: Tensor, clip: Tensor, frames: Tensor, texts: (asr: Tensor, title: Tensor)?,
    textPresence: TextPresence? = nil, mask: [Bool], productKeys: [UInt64]
  ) {
    (self.image, self.clip, self.frames, self.texts) = (image, clip, frames, texts)
    (self.textPresence, self.mask, self.productKeys) = (textPresence, mask, productKeys)
  }

  public var pairCount: Int { productKeys.count }

  /// 1 where two pairs show the same product, (N, N).
  var sameProducts: Tensor {
    Tensor(
      productKeys.flatMap { a in productKeys.map { a == $0 ? Float(1) : 0 } }, shape: [pairCount, pairCount],
      dtype: image.dtype, backend: image.backend)
  }
}
