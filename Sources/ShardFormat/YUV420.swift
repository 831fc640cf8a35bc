import CVectorKernels

/// Pictures between planes red, green, blue and 4:2:0 planes (`PixelEncoding.yuv420`), by libjpeg's numbers.
public enum YUV420 {
  /// `[3, R, R]` of one picture of planes Y, Cb, Cr. Chroma between samples by a triangle filter (libjpeg's "fancy
  /// upsampling"), so the planes of a JPEG file give the RGB that Pillow gives.
  public static func rgb(
    from planes: UnsafeRawBufferPointer, into rgb: UnsafeMutableRawBufferPointer, resolution: Int
  ) {
    check(planes.count, rgb.count, resolution)
    vk_rgb_from_yuv420(
      planes.baseAddress!.assumingMemoryBound(to: UInt8.self), rgb.baseAddress!.assumingMemoryBound(to: UInt8.self),
      resolution)
  }

  /// Planes Y, Cb, Cr of one picture of `[3, R, R]`; a chroma sample is that of the mean of its 2×2 pixels.
  public static func planes(
    fromRGB rgb: UnsafeRawBufferPointer, into planes: UnsafeMutableRawBufferPointer, resolution: Int
  ) {
    check(planes.count, rgb.count, resolution)
    vk_yuv420_from_rgb(
      rgb.baseAddress!.assumingMemoryBound(to: UInt8.self), planes.baseAddress!.assumingMemoryBound(to: UInt8.self),
      resolution)
  }

  private static func check(_ planes: Int, _ rgb: Int, _ resolution: Int) {
    precondition(
      resolution >= 1 && resolution <= ShardLimits.maximumResolution
        && planes == PixelEncoding.yuv420.pictureByteCount(resolution: resolution)
        && rgb == 3 * resolution * resolution,
      "\(planes) bytes of planes, \(rgb) of RGB at a resolution of \(resolution)")
  }
}

extension PixelEncoding {
  /// `[count, 3, R, R]` of pictures in this encoding.
  public func rgb(from pictures: UnsafeRawBufferPointer, resolution: Int) -> [UInt8] {
    let (own, rgb) = (pictureByteCount(resolution: resolution), 3 * resolution * resolution)
    precondition(pictures.count % own == 0, "\(pictures.count) bytes of pictures of \(own)")
    let count = pictures.count / own
    return [UInt8](unsafeUninitializedCapacity: count * rgb) { buffer, initialized in
      copyRGB(of: pictures, into: UnsafeMutableRawBufferPointer(buffer), resolution: resolution)
      initialized = count * rgb
    }
  }

  /// Fills `rgb` with `[count, 3, R, R]` of pictures in this encoding; the sizes must go together.
  public func copyRGB(
    of pictures: UnsafeRawBufferPointer, into rgb: UnsafeMutableRawBufferPointer, resolution: Int
  ) {
    let (own, size) = (pictureByteCount(resolution: resolution), 3 * resolution * resolution)
    precondition(pictures.count % own == 0 && rgb.count >= pictures.count / own * size, "pictures and their RGB")
    switch self {
    case .rgb: rgb.copyMemory(from: pictures)
    case .yuv420:
      for number in 0..<pictures.count / own {
        YUV420.rgb(
          from: UnsafeRawBufferPointer(rebasing: pictures[number * own..<(number + 1) * own]),
          into: UnsafeMutableRawBufferPointer(rebasing: rgb[number * size..<(number + 1) * size]),
          resolution: resolution)
      }
    }
  }

  /// Pictures in this encoding of `[count, 3, R, R]`.
  public func pictures(fromRGB rgb: [UInt8], resolution: Int) -> [UInt8] {
    guard self == .yuv420 else { return rgb }
    let (own, size) = (pictureByteCount(resolution: resolution), 3 * resolution * resolution)
    precondition(rgb.count % size == 0, "\(rgb.count) bytes of pictures of \(size)")
    let count = rgb.count / size
    return [UInt8](unsafeUninitializedCapacity: count * own) { buffer, initialized in
      let planes = UnsafeMutableRawBufferPointer(buffer)
      rgb.withUnsafeBytes { rgb in
        for number in 0..<count {
          YUV420.planes(
            fromRGB: UnsafeRawBufferPointer(rebasing: rgb[number * size..<(number + 1) * size]),
            into: UnsafeMutableRawBufferPointer(rebasing: planes[number * own..<(number + 1) * own]),
            resolution: resolution)
        }
      }
      initialized = count * own
    }
  }
}
