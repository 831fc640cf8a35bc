import TensorCore

/// The pictures of a batch on their way through the visual encoder: the images, then the frames, then (padding: release)
/// one picture of zeros.
struct PictureEncoder {
  let model: SGMN
  let batch: PairBatch
  let classTokensOnly: Bool
  let recomputesBlocks: Bool
  let dtype: DType
  let backend: any Backend

  var pictureCount: Int { imageCount + frameCount + (model.configuration.padding == .release ? 1 : 0) }

  private var pictureByteCount: Int { 3 * model.configuration.resolution * model.configuration.resolution }
  private var imageCount: Int { batch.images.count / pictureByteCount }
  private var frameCount: Int { batch.frames.count / pictureByteCount }

  /// Tokens of some of the pictures, (pictures, P, D), or class tokens, (pictures, 1, D).
  func callAsFunction(_ pictures: Range<Int>) -> Tensor {
    model.visual(
      patches: patches(of: pictures), classTokensOnly: classTokensOnly, recomputesBlocks: recomputesBlocks)
  }

  private func patches(of pictures: Range<Int>) -> Tensor {
    var patches = [(batch.images, 0..<imageCount), (batch.frames, imageCount..<(imageCount + frameCount))]
      .compactMap { bytes, places in self.patches(of: bytes, places, pictures) }
    if pictures.upperBound > imageCount + frameCount {
      let c = model.configuration
      patches.append(Tensor.zeros([c.tokenCount - 1, 3 * c.patch * c.patch], dtype: dtype, backend: backend))
    }
    return patches.dropFirst().reduce(patches[0]) { $0.concatenatingRows($1) }
  }

  /// Patches of those pictures that are among the ones at `places`, of which `bytes` are the pixels; nil for none.
  private func patches(of bytes: [UInt8], _ places: Range<Int>, _ pictures: Range<Int>) -> Tensor? {
    let wanted = pictures.clamped(to: places)
    guard !wanted.isEmpty else { return nil }
    guard wanted != places else { return model.visual.patches(of: bytes, dtype: dtype, backend: backend) }
    let (start, end) = (wanted.lowerBound - places.lowerBound, wanted.upperBound - places.lowerBound)
    return model.visual.patches(
      of: Array(bytes[(start * pictureByteCount)..<(end * pictureByteCount)]), dtype: dtype, backend: backend)
  }
}
