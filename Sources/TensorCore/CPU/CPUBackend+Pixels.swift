import CVectorKernels

extension PixelLayout {
  fileprivate var code: Int32 { self == .rgb ? Int32(VK_RGB) : Int32(VK_YUV420) }
}

extension CPUBackend {
  public func patches(
    of bytes: UnsafeBufferPointer<UInt8>, layout: PixelLayout, images: Int, size: Int, patch: Int, mean: [Double],
    deviation: [Double], into result: Tensor
  ) {
    precondition(layout == .rgb || size <= Int(VK_MAXIMUM_YUV420_SIZE), "4:2:0 planes of \(size) pixels a side")
    guard let base = bytes.baseAddress else { return }
    let pictureByteCount = layout.pictureByteCount(size: size)
    let grid = size / patch
    let rowsByteCount = grid * grid * result.columnCount * result.dtype.byteCount
    team.run(images) { range in
      vk_patches(
        result.dtype.anyCode, layout.code, base + range.lowerBound * pictureByteCount,
        result.raw + range.lowerBound * rowsByteCount, range.count, size, patch, mean, deviation)
    }
  }
}
