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

  private var pictureByteCount: Int { batch.layout.pictureByteCount(size: model.configuration.resolution) }
  private var imageCount: Int { batch.staged.map { $0.count - frameCount } ?? batch.images.count / pictureByteCount }
  private var frameCount: Int {
    batch.staged == nil ? batch.frames.count / pictureByteCount : batch.frameSlots.count
  }

  /// Tokens of some of the pictures, (pictures, P, D), or class tokens, (pictures, 1, D).
  func callAsFunction(_ pictures: Range<Int>) -> Tensor {
    model.visual(
      patches: patches(of: pictures), classTokensOnly: classTokensOnly, recomputesBlocks: recomputesBlocks)
  }

  private func patches(of pictures: Range<Int>) -> Tensor {
    let frames = imageCount..<(imageCount + frameCount)
    let patches =
      if let staged = batch.staged {
        model.visual.patches(
          of: staged, pictures.clamped(to: 0..<staged.count), layout: batch.layout, dtype: dtype, backend: backend)
      } else {
        model.visual.patches(
          of: bytes(of: batch.images, at: 0..<imageCount, among: pictures),
          bytes(of: batch.frames, at: frames, among: pictures), layout: batch.layout, dtype: dtype, backend: backend)
      }
    guard pictures.upperBound > frames.upperBound else { return patches }
    let blank = Tensor.zeros(
      [model.configuration.tokenCount - 1, patches.columnCount], dtype: patches.dtype, backend: backend)
    return patches.rowCount == 0 ? blank : patches.concatenatingRows(blank)
  }

  /// Those of `bytes`, the pictures at `places`, that are among `pictures`.
  private func bytes(of bytes: [UInt8], at places: Range<Int>, among pictures: Range<Int>) -> [UInt8] {
    let wanted = pictures.clamped(to: places)
    guard wanted != places else { return bytes }
    let (start, end) = (wanted.lowerBound - places.lowerBound, wanted.upperBound - places.lowerBound)
    return Array(bytes[(start * pictureByteCount)..<(end * pictureByteCount)])
  }
}
