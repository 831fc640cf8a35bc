import TensorCore

/// A batch after its encoders (docs/model.md, "GRA").
public struct EncodedBatch {
  /// What the losses between pairs compare.
  public let pairs: PairEmbeddings
  /// Every token of an image, (N, P, D), or the class tokens alone, (N, 1, D).
  let imageTokens: Tensor
  /// Every token of every frame, (N, L·P, D); nil where only class tokens were computed.
  let clipTokens: Tensor?
  /// Uniform numbers of the batch, for `mining: distance`.
  let uniform: [Double]
  /// Where the pictures were encoded in parts: what carries gradients of their tokens on.
  let partwise: PartwiseEncoding?
}

extension SGMN {
  /// Images and valid frames through the visual encoder, then motion compensation and pooling; texts through theirs.
  public func encode(
    _ batch: PairBatch, computation: Computation = Computation(), dtype: DType = .float32, backend: any Backend
  ) -> EncodedBatch {
    let n = batch.pairCount
    let classTokensOnly = !(configuration.smf && configuration.smfTokens == .patch)
    let encoder = PictureEncoder(
      model: self, batch: batch, classTokensOnly: classTokensOnly, recomputesBlocks: computation.recomputesBlocks,
      dtype: dtype, backend: backend)
    let partwise =
      computation.encoderPartCount > 1 && GradientRecording.isOn
      ? PartwiseEncoding(pictureCount: encoder.pictureCount, partCount: computation.encoderPartCount) { encoder($0) }
      : nil
    let pictures = EncodedPictures(tokens: partwise?.tokens ?? encoder(0..<encoder.pictureCount))
    let slots = pictureOfSlot(batch, imageCount: n, pictureCount: pictures.count)
    let images = (0..<n).map { Int32($0) }
    let frames = compensatedFrames(pictures, slots, batch)
    return EncodedBatch(
      pairs: PairEmbeddings(
        image: pictures.classTokens(images, shape: [n]).unitRows(), clip: pooled(frames, batch), frames: frames,
        texts: encodeTexts(batch, dtype: dtype, backend: backend),
        textPresence: TextPresence(asr: batch.asr.isPresent, title: batch.title.isPresent, pairCount: n),
        mask: batch.mask, productKeys: batch.productKeys),
      imageTokens: pictures.allTokens(images, items: n),
      clipTokens: classTokensOnly ? nil : pictures.allTokens(slots, items: n), uniform: batch.uniform,
      partwise: partwise)
  }

  /// Unit clips (N, D) of a batch without images.
  func encodeClips(_ batch: PairBatch, backend: any Backend) -> Tensor {
    let encoder = PictureEncoder(
      model: self, batch: batch, classTokensOnly: true, recomputesBlocks: false, dtype: .float32, backend: backend)
    let pictures = EncodedPictures(tokens: encoder(0..<encoder.pictureCount))
    let slots = pictureOfSlot(batch, imageCount: 0, pictureCount: pictures.count)
    return pooled(compensatedFrames(pictures, slots, batch), batch)
  }

  /// The picture of every slot (pair, frame), [N·L]; -1, a row of zeros, where there is none.
  private func pictureOfSlot(_ batch: PairBatch, imageCount: Int, pictureCount: Int) -> [Int32] {
    let padding = configuration.padding == .release ? Int32(pictureCount - 1) : -1
    var pictures = [Int32](repeating: padding, count: batch.pairCount * batch.frameCount)
    for (frame, slot) in batch.frameSlots.enumerated() { pictures[Int(slot)] = Int32(imageCount + frame) }
    return pictures
  }

  /// Unit frames after motion compensation, (N, L, D).
  private func compensatedFrames(_ pictures: EncodedPictures, _ slots: [Int32], _ batch: PairBatch) -> Tensor {
    let frames = pictures.classTokens(slots, shape: [batch.pairCount, batch.frameCount])
    return (tmc?(frames, mask: batch.mask) ?? frames).unitRows()
  }

  /// The mean of the valid unit frames, to unit length: (N, L, D) -> (N, D).
  private func pooled(_ frames: Tensor, _ batch: PairBatch) -> Tensor {
    let (n, l) = (batch.pairCount, batch.frameCount)
    let counts = batch.validCounts
    let weights = batch.mask.enumerated().map { $1 ? 1 / Double(counts[$0 / l]) : 0 }
    return Tensor(weights, shape: [n, 1, l], dtype: frames.dtype, backend: frames.backend)
      .product(frames).reshaped([n, frames.columnCount]).unitRows()
  }

  /// Unit text embeddings (N, D) of the ASR and the title, or nil without text.
  private func encodeTexts(_ batch: PairBatch, dtype: DType, backend: any Backend) -> (asr: Tensor, title: Tensor)? {
    guard let asr, let title else { return nil }
    return (
      asr.unitTexts(batch.asr, by: textEncoder, count: batch.pairCount, dtype: dtype, backend: backend),
      title.unitTexts(batch.title, by: textEncoder, count: batch.pairCount, dtype: dtype, backend: backend)
    )
  }
}

/// What the encoder made of a list of pictures; -1 stands for a picture of which every token is zero.
private struct EncodedPictures {
  let tokens: Tensor  // (pictures, P, D)

  var count: Int { tokens.shape[0] }
  private var perPicture: Int32 { Int32(tokens.shape[1]) }
  private var rows: Tensor { tokens.reshaped([tokens.rowCount, tokens.columnCount]) }

  /// (shape, D)
  func classTokens(_ pictures: [Int32], shape: [Int]) -> Tensor {
    rows.gatheringRows(pictures.map { $0 < 0 ? -1 : $0 * perPicture }, shape: shape + [tokens.columnCount])
  }

  /// (items, tokens of an item, D); the tokens of a picture are picked as one long row.
  func allTokens(_ pictures: [Int32], items: Int) -> Tensor {
    let picked = pictures.count / items * tokens.shape[1]
    return tokens.reshaped([count, tokens.shape[1] * tokens.columnCount])
      .gatheringRows(pictures, shape: [pictures.count, tokens.shape[1] * tokens.columnCount])
      .reshaped([items, picked, tokens.columnCount])
  }
}
