import CLibAV
import CVectorKernels

/// The pixels of decoded video frames as a set's layout needs them. One thread at a time.
final class FrameConversion {
  private let conversion = PixelConversion()
  private let levels = ScratchBuffer()

  /// Planes of luma and colour where `layout` asks for them and the frame is 4:2:0 by the matrix of BT.601, at either
  /// range; RGB otherwise. Valid until the next call.
  func pixels(of frame: UnsafeMutablePointer<AVFrame>, for layout: PictureLayout) throws -> PixelView {
    let format = AVPixelFormat(rawValue: frame.pointee.format)
    guard layout == .yuv420, format == AV_PIX_FMT_YUV420P || format == AV_PIX_FMT_YUVJ420P, isBT601(frame) else {
      return .rgb(try conversion.pixels(of: frame))
    }
    let (width, height) = (Int(frame.pointee.width), Int(frame.pointee.height))
    guard width > 0, height > 0 else { throw MediaFailure("A frame of \(width)×\(height)") }
    let (halfWidth, halfHeight) = ((width + 1) / 2, (height + 1) / 2)
    let luma = PlaneView(
      base: frame.pointee.data.0!, stride: Int(frame.pointee.linesize.0), width: width, height: height)
    let blue = PlaneView(
      base: frame.pointee.data.1!, stride: Int(frame.pointee.linesize.1), width: halfWidth, height: halfHeight)
    let red = PlaneView(
      base: frame.pointee.data.2!, stride: Int(frame.pointee.linesize.2), width: halfWidth, height: halfHeight)
    let siting = siting(of: frame)
    if format == AV_PIX_FMT_YUVJ420P || frame.pointee.color_range == AVCOL_RANGE_JPEG {
      return .yuv420(luma: luma, colour: (blue, red), siting: siting)
    }
    let memory = levels.reserve(width * height + 2 * halfWidth * halfHeight)
    let colour = memory + width * height
    return .yuv420(
      luma: FrameConversion.widen(luma, from: 219, by: 16, to: 0, into: memory),
      colour: (
        FrameConversion.widen(blue, from: 224, by: 128, to: 128, into: colour),
        FrameConversion.widen(red, from: 224, by: 128, to: 128, into: colour + halfWidth * halfHeight)
      ), siting: siting)
  }

  /// What no file says is taken for BT.601, as swscale does.
  private func isBT601(_ frame: UnsafeMutablePointer<AVFrame>) -> Bool {
    switch frame.pointee.colorspace {
    case AVCOL_SPC_UNSPECIFIED, AVCOL_SPC_BT470BG, AVCOL_SPC_SMPTE170M: true
    default: false
    }
  }

  private func siting(of frame: UnsafeMutablePointer<AVFrame>) -> ChromaSiting {
    switch frame.pointee.chroma_location {
    case AVCHROMA_LOC_LEFT: .left
    case AVCHROMA_LOC_TOPLEFT: .topLeft
    default: .centre
    }
  }

  /// (x − `zero`) · 255 / `levels` + `target` of every byte, rounded and held within 0 … 255: limited to full range.
  private static func widen(
    _ plane: PlaneView, from levels: Int32, by zero: Int32, to target: Int32, into memory: UnsafeMutablePointer<UInt8>
  ) -> PlaneView {
    let scale = (255 << 16 + levels / 2) / levels
    let offset = (target << 16) + (1 << 15) - zero * scale
    for row in 0..<plane.height {
      vk_scale_levels(plane.base + row * plane.stride, scale, offset, memory + row * plane.width, plane.width)
    }
    return PlaneView(base: memory, stride: plane.width, width: plane.width, height: plane.height)
  }
}
