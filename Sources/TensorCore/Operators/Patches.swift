extension Tensor {
  /// The patches of pictures as rows, normalised: planar RGB bytes (images, 3, size, size) ->
  /// (images · (size/patch)², 3·patch·patch), each (x/255 − mean)/deviation, channel by channel.
  ///
  /// A convolution whose stride is its kernel size is a linear layer on these rows; pixels need no gradient.
  public static func patches(
    of bytes: UnsafeBufferPointer<UInt8>, images: Int, size: Int, patch: Int, mean: [Double], deviation: [Double],
    dtype: DType, backend: any Backend
  ) -> Tensor {
    precondition(bytes.count == images * 3 * size * size, "\(bytes.count) bytes for \(images) pictures of \(size)²")
    let grid = size / patch
    let y = Tensor(uninitialized: [images * grid * grid, 3 * patch * patch], dtype: dtype, backend: backend)
    backend.patches(
      of: bytes, images: images, size: size, patch: patch, mean: mean, deviation: deviation, into: y)
    return y
  }
}
