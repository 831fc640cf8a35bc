import TensorCore

extension CUDABackend {
  public func makePictureStaging() -> (any PictureStaging)? { PictureCopies(self) }

  /// Pictures in host memory travel at once, by the backend's own way.
  public func patches(
    of bytes: UnsafeBufferPointer<UInt8>, layout: PixelLayout, images: Int, size: Int, patch: Int, mean: [Double],
    deviation: [Double], into result: Tensor
  ) {
    guard images > 0 else { return }
    let (all, byteCount) = (UnsafeRawBufferPointer(bytes), layout.pictureByteCount(size: size))
    let staged = ownPictureCopies.withLock { copies in
      let way = copies ?? PictureCopies(self)
      copies = way
      return way.stage(images, byteCount: byteCount) {
        UnsafeRawBufferPointer(rebasing: all[($0 * byteCount)..<(($0 + 1) * byteCount)])
      }
    }
    staged.patches(
      0..<images, layout: layout, size: size, patch: patch, mean: mean, deviation: deviation, into: result)
  }
}
