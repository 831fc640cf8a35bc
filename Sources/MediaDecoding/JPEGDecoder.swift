import CTurboJPEG

/// JPEG files by libjpeg-turbo, the library that Pillow reads them with, so pixels equal Pillow's; the planes of the
/// plainest files come faster and bit for bit the same from `BaselineJPEGDecoder`.
///
/// Keeps its handle and memory from picture to picture. One thread at a time.
final class JPEGDecoder {
  /// What a file says of itself before its pixels are decoded.
  struct Header {
    var width: Int
    var height: Int
    /// nil: one that has no name.
    var subsampling: TJSAMP?
    var colourSpace: TJCS

    /// Whether the file holds luma and colour as a shard stores them, or luma alone.
    var hasPlanes: Bool { colourSpace == TJCS_GRAY || (subsampling == TJSAMP_420 && colourSpace == TJCS_YCbCr) }
    var hasInks: Bool { colourSpace == TJCS_CMYK || colourSpace == TJCS_YCCK }
  }

  private var handle: tjhandle?
  private let pixels = ScratchBuffer()
  private let plain = BaselineJPEGDecoder()

  /// libjpeg's accurate transform; what it warns of (cut and damaged data) is an error; at most 500 scans.
  private static let flags = TJFLAG_ACCURATEDCT | TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS

  deinit { if let handle { tjDestroy(handle) } }

  /// nil where libjpeg-turbo does not do this kind of JPEG: 12 bits a sample, lossless.
  func header(of bytes: UnsafeBufferPointer<UInt8>) throws -> Header? {
    if handle == nil { handle = tjInitDecompress() }
    guard handle != nil else { throw MediaFailure("Out of memory", code: .internalError) }
    var (width, height, subsampling, colourSpace) = (Int32(0), Int32(0), Int32(-1), Int32(-1))
    let status = tjDecompressHeader3(
      handle, bytes.baseAddress, UInt(bytes.count), &width, &height, &subsampling, &colourSpace)
    // Subsampling without a name is an error to this call only, with all the rest known.
    guard width > 0, height > 0, colourSpace >= 0, status == 0 || subsampling < 0 else {
      let failure = failure()
      if failure.what.contains("Unsupported") { return nil }
      throw failure
    }
    return Header(
      width: Int(width), height: Int(height),
      subsampling: subsampling < 0 ? nil : TJSAMP(UInt32(subsampling)), colourSpace: TJCS(UInt32(colourSpace)))
  }

  /// The picture of the header that the last `header(of:)` gave, as RGB; valid until the next call.
  func rgb(_ header: Header, of bytes: UnsafeBufferPointer<UInt8>) throws -> PlaneView {
    let byteCount = header.hasInks ? 4 : 3
    let format = header.hasInks ? TJPF_CMYK : TJPF_RGB
    let base = pixels.reserve(byteCount * header.width * header.height)
    let status = tjDecompress2(
      handle, bytes.baseAddress, UInt(bytes.count), base, Int32(header.width), Int32(byteCount * header.width),
      Int32(header.height), format.rawValue, JPEGDecoder.flags)
    guard status == 0 else { throw failure() }
    if header.hasInks { JPEGDecoder.mixInks(base, count: header.width * header.height) }
    return PlaneView(base: base, stride: 3 * header.width, width: header.width, height: header.height)
  }

  /// Four inks, stored as 255 less their amount, to RGB in the same place, by Pillow's formula.
  private static func mixInks(_ pixels: UnsafeMutablePointer<UInt8>, count: Int) {
    for pixel in 0..<count {
      let white = Int(pixels[4 * pixel + 3])
      for ink in 0..<3 {
        let product = (255 - Int(pixels[4 * pixel + ink])) * white + 128
        pixels[3 * pixel + ink] = UInt8(max(0, white - (product >> 8 + product) >> 8))
      }
    }
  }

  /// The planes of a picture whose header `hasPlanes`, of which at least `lines` are right; valid until the next call.
  func planes(_ header: Header, of bytes: UnsafeBufferPointer<UInt8>, lines: Range<Int>) throws -> PixelView {
    if let picture = BaselineJPEG(bytes), picture.width == header.width, picture.height == header.height,
      let planes = plain.decode(picture, of: bytes, lines: lines, into: pixels)
    {
      return planes
    }
    return try allPlanes(header, of: bytes)
  }

  /// The same with all lines by libjpeg-turbo, whatever the file.
  func allPlanes(_ header: Header, of bytes: UnsafeBufferPointer<UInt8>) throws -> PixelView {
    // Planes are decoded in whole pairs of rows and columns.
    let (stride, lines) = ((header.width + 1) / 2 * 2, (header.height + 1) / 2 * 2)
    let base = pixels.reserve(stride * lines / 2 * 3)
    let (blue, red) = (base + stride * lines, base + stride * lines / 4 * 5)
    let status = withUnsafeTemporaryAllocation(of: UnsafeMutablePointer<UInt8>?.self, capacity: 3) { targets in
      withUnsafeTemporaryAllocation(of: Int32.self, capacity: 3) { strides in
        (targets[0], targets[1], targets[2]) = (base, blue, red)
        (strides[0], strides[1], strides[2]) = (Int32(stride), Int32(stride / 2), Int32(stride / 2))
        return tjDecompressToYUVPlanes(
          handle, bytes.baseAddress, UInt(bytes.count), targets.baseAddress, 0, strides.baseAddress, 0,
          JPEGDecoder.flags)
      }
    }
    guard status == 0 else { throw failure() }
    let luma = PlaneView(base: base, stride: stride, width: header.width, height: header.height)
    func colour(_ base: UnsafeMutablePointer<UInt8>) -> PlaneView {
      PlaneView(base: base, stride: stride / 2, width: (header.width + 1) / 2, height: (header.height + 1) / 2)
    }
    let isGrey = header.colourSpace == TJCS_GRAY
    return .yuv420(luma: luma, colour: isGrey ? nil : (colour(blue), colour(red)), siting: .centre)
  }

  /// libjpeg's reason. Its state after an error is not fit for another file, so the next gets a new one.
  private func failure() -> MediaFailure {
    defer {
      tjDestroy(handle)
      handle = nil
    }
    return MediaFailure("Cannot decode the picture: \(String(cString: tjGetErrorStr2(handle)))")
  }
}
