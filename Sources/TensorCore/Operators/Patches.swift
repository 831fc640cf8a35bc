extension Tensor {
  /// The patches of pictures as rows, normalised: bytes of `layout` ->
  /// (pictures · (size/patch)², 3·patch·patch), each (x/255 − mean)/deviation of an RGB byte x, channel by channel. The
  /// pictures of one list follow those of the list before.
  ///
  /// A convolution whose stride is its kernel size is a linear layer on these rows; pixels need no gradient.
  public static func patches(
    of lists: [[UInt8]], layout: PixelLayout = .rgb, size: Int, patch: Int, mean: [Double], deviation: [Double],
    dtype: DType, backend: any Backend
  ) -> Tensor {
    let pictureByteCount = layout.pictureByteCount(size: size)
    let (grid, width) = (size / patch, 3 * patch * patch)
    let counts = lists.map { $0.count / pictureByteCount }
    let y = Tensor(
      uninitialized: [counts.reduce(0, +) * grid * grid, width], dtype: dtype, backend: backend)
    var row = 0
    for (bytes, images) in zip(lists, counts) {
      precondition(
        bytes.count == images * pictureByteCount, "\(bytes.count) bytes are no whole pictures of \(size)², \(layout)")
      let rows = Tensor(
        shape: [images * grid * grid, width], dtype: dtype, backend: backend, storage: y.storage,
        offset: y.offset + row * width)
      bytes.withUnsafeBufferPointer {
        backend.patches(
          of: $0, layout: layout, images: images, size: size, patch: patch, mean: mean, deviation: deviation,
          into: rows)
      }
      row += rows.rowCount
    }
    return y
  }

  /// The same of those of `staged` that `range` names.
  public static func patches(
    of staged: any StagedPictures, _ range: Range<Int>, layout: PixelLayout, size: Int, patch: Int, mean: [Double],
    deviation: [Double], dtype: DType, backend: any Backend
  ) -> Tensor {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= staged.count, "pictures \(range) of \(staged.count) staged ones")
    let grid = size / patch
    let y = Tensor(
      uninitialized: [range.count * grid * grid, 3 * patch * patch], dtype: dtype, backend: backend)
    backend.patches(
      of: staged, range, layout: layout, size: size, patch: patch, mean: mean, deviation: deviation, into: y)
    return y
  }
}
