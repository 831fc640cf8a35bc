import CLibAV

/// Frames of any pixel format to RGB, and RGB to what an encoder takes.
///
/// Keeps swscale's tables and working memory between frames of equal size and format, so hand the same object to one
/// clip after another. One thread at a time.
public final class PixelConversion {
  private var context: OpaquePointer?
  private var source: Geometry?
  private var target: Geometry?
  private var buffer: OwnedFrame?

  public init() {}

  private struct Geometry: Equatable {
    var width: Int32
    var height: Int32
    var format: AVPixelFormat
    var colourSpace: Int32
    var fullRange: Bool
  }

  deinit { sws_freeContext(context) }

  /// The pixels of a decoded frame as RGB, at the frame's own size, by its own matrix and range.
  func image(of frame: UnsafeMutablePointer<AVFrame>) throws -> RGBImage { RGBImage(try pixels(of: frame)) }

  /// The same in memory of this object, valid until its next use.
  func pixels(of frame: UnsafeMutablePointer<AVFrame>) throws -> PlaneView {
    let (width, height) = (frame.pointee.width, frame.pointee.height)
    guard width > 0, height > 0 else { throw MediaFailure("A frame of \(width)×\(height)") }
    let output = try buffer(width: width, height: height)
    try convert(frame, to: output.pointer)
    return PlaneView(
      base: output.pointer.pointee.data.0!, stride: Int(output.pointer.pointee.linesize.0), width: Int(width),
      height: Int(height))
  }

  /// Writes `image` into a frame of the same size and any format.
  func copy(_ image: RGBImage, to frame: UnsafeMutablePointer<AVFrame>) throws {
    let input = try buffer(width: Int32(image.width), height: Int32(image.height))
    let stride = Int(input.pointer.pointee.linesize.0)
    let data = input.pointer.pointee.data.0!
    image.pixels.withUnsafeBufferPointer { pixels in
      for row in 0..<image.height {
        (data + row * stride).update(from: pixels.baseAddress! + 3 * image.width * row, count: 3 * image.width)
      }
    }
    try convert(input.pointer, to: frame)
  }

  /// A frame of RGB that is nobody else's, kept for the next picture of its size.
  private func buffer(width: Int32, height: Int32) throws -> OwnedFrame {
    if let buffer, buffer.pointer.pointee.width == width, buffer.pointer.pointee.height == height { return buffer }
    buffer = nil
    let frame = try OwnedFrame(width: width, height: height, format: AV_PIX_FMT_RGB24)
    buffer = frame
    return frame
  }

  private func convert(_ input: UnsafeMutablePointer<AVFrame>, to output: UnsafeMutablePointer<AVFrame>) throws {
    let source = try geometry(of: input)
    let target = try geometry(of: output)
    if context == nil || source != self.source || target != self.target {
      sws_freeContext(context)
      let flags = SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP
      context = sws_getContext(
        source.width, source.height, source.format, target.width, target.height, target.format, Int32(flags), nil, nil,
        nil)
      guard context != nil else {
        throw MediaFailure("No conversion from pixel format \(source.format.rawValue) to \(target.format.rawValue)")
      }
      sws_setColorspaceDetails(
        context, sws_getCoefficients(source.colourSpace), source.fullRange ? 1 : 0,
        sws_getCoefficients(target.colourSpace), target.fullRange ? 1 : 0, 0, 1 << 16, 1 << 16)
      self.source = source
      self.target = target
    }
    try check(sws_scale_frame(context, output, input), "Cannot convert pixels")
  }

  private func geometry(of frame: UnsafeMutablePointer<AVFrame>) throws -> Geometry {
    let colourSpace: Int32 =
      switch frame.pointee.colorspace {
      case AVCOL_SPC_BT709: SWS_CS_ITU709
      case AVCOL_SPC_BT2020_NCL, AVCOL_SPC_BT2020_CL: SWS_CS_BT2020
      case AVCOL_SPC_SMPTE240M: SWS_CS_SMPTE240M
      default: SWS_CS_ITU601
      }
    var format = AVPixelFormat(rawValue: frame.pointee.format)
    var fullRange = frame.pointee.color_range == AVCOL_RANGE_JPEG
    // The "J" formats are the plain ones at full range; swscale warns when it is given them.
    let plain: [(AVPixelFormat, AVPixelFormat)] = [
      (AV_PIX_FMT_YUVJ420P, AV_PIX_FMT_YUV420P), (AV_PIX_FMT_YUVJ422P, AV_PIX_FMT_YUV422P),
      (AV_PIX_FMT_YUVJ444P, AV_PIX_FMT_YUV444P), (AV_PIX_FMT_YUVJ440P, AV_PIX_FMT_YUV440P),
      (AV_PIX_FMT_YUVJ411P, AV_PIX_FMT_YUV411P),
    ]
    if let pair = plain.first(where: { $0.0 == format }) {
      format = pair.1
      fullRange = true
      frame.pointee.format = format.rawValue
    }
    return Geometry(
      width: frame.pointee.width, height: frame.pointee.height, format: format, colourSpace: colourSpace,
      fullRange: fullRange)
  }
}

/// An `AVFrame` with its own pixels, freed with this object.
final class OwnedFrame {
  let pointer: UnsafeMutablePointer<AVFrame>

  init() throws {
    guard let frame = av_frame_alloc() else { throw MediaFailure("Out of memory", code: .internalError) }
    pointer = frame
  }

  convenience init(width: Int32, height: Int32, format: AVPixelFormat) throws {
    try self.init()
    pointer.pointee.width = width
    pointer.pointee.height = height
    pointer.pointee.format = format.rawValue
    try check(av_frame_get_buffer(pointer, 0), "Cannot allocate a frame of \(width)×\(height)")
  }

  deinit {
    var frame: UnsafeMutablePointer<AVFrame>? = pointer
    av_frame_free(&frame)
  }
}
