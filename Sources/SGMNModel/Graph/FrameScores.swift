import TensorCore

/// How well every image matches every frame, without gradient (paper 3.3).
///
/// Leaky ReLU (slope 0.1) of frame·image, to unit length over the valid frames of the clip.
struct FrameScores {
  /// Over the valid frames, (N clips, N images).
  let mean: Tensor
  /// In descending order with zeros for what is not valid, (N clips, N images, L).
  let ranked: Tensor

  init(frames: Tensor, images: Tensor, mask: [Bool]) {
    let (n, l, d) = (frames.shape[0], frames.shape[1], frames.shape[2])
    let constant = { (values: [Double], shape: [Int]) in
      Tensor(values, shape: shape, dtype: frames.dtype, backend: frames.backend)
    }
    let valid = (0..<n).map { mask[($0 * l)..<(($0 + 1) * l)].map { $0 } }
    // One row a clip, the same for every image.
    let everyImage = IndexTensor(
      (0..<n).flatMap { [Int32](repeating: Int32($0), count: n) }, backend: frames.backend)
    let invalid = constant(valid.flatMap { $0.map { $0 ? 0.0 : 1 } }, [n, l])
      .gatheringRows(everyImage, shape: [n, n, l])
    let afterValid = constant(
      valid.flatMap { row in
        let count = row.count { $0 }
        return (0..<l).map { $0 < count ? 0.0 : 1 }
      }, [n, l]
    ).gatheringRows(everyImage, shape: [n, n, l])
    let products = frames.reshaped([n * l, d]).product(images, transposingOther: true).reshaped([n, l, n])
    let scores = products.leakyReLU(slope: 0.1).transposed().filled(where: invalid, with: 0).unitRows()
    mean = scores.rowSums().scalingRows(by: constant(valid.map { 1 / Double($0.count { $0 }) }, [n]))
    ranked = scores.filled(where: invalid, with: -.infinity).sortedDescending().values
      .filled(where: afterValid, with: 0)
  }
}
