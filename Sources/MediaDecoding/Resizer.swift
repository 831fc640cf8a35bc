import CVectorKernels

/// Pictures to the squares of a set by Pillow's antialiased bicubic.
///
/// Bytes equal Pillow's: the same filter (a = −0.5, its support widened when shrinking), weights rounded to 22 bits,
/// across first and rounded to bytes between the passes. Keeps filters and working memory from picture to picture. One
/// thread at a time.
public final class Resizer {
  private var filters: [BicubicFilter] = []
  private let across = ScratchBuffer()
  private let tiles = ScratchBuffer()
  private let planes = ScratchBuffer()

  /// A filter takes some ten microseconds to make; four serve a size of pictures.
  private static let filterLimit = 32

  public init() {}

  /// The short side to `resolution`, then the centre square, in `layout`.
  public func centreSquare(of image: RGBImage, resolution: Int, layout: PictureLayout = .rgb) -> [UInt8] {
    let byteCount = layout.byteCount(resolution: resolution)
    return image.pixels.withUnsafeBufferPointer { pixels in
      let view = PlaneView(
        base: pixels.baseAddress!, stride: 3 * image.width, width: image.width, height: image.height)
      return [UInt8](unsafeUninitializedCapacity: byteCount) { output, count in
        centreSquare(of: .rgb(view), resolution: resolution, layout: layout, into: output.baseAddress!)
        count = byteCount
      }
    }
  }

  /// The whole picture at another size.
  public func resize(_ image: RGBImage, width: Int, height: Int) -> RGBImage {
    precondition(width > 0 && height > 0, "a picture of \(width)×\(height)")
    func axis(_ from: Int, _ to: Int) -> BicubicFilter.Axis {
      .init(inputCount: from, outputCount: to, scale: Double(from) / Double(to), first: 0)
    }
    let planes = [UInt8](unsafeUninitializedCapacity: 3 * width * height) { output, count in
      image.pixels.withUnsafeBufferPointer { pixels in
        let view = PlaneView(
          base: pixels.baseAddress!, stride: 3 * image.width, width: image.width, height: image.height)
        resize(
          view, channelCount: 3, columns: filter(axis(image.width, width)), rows: filter(axis(image.height, height)),
          into: output.baseAddress!)
      }
      count = 3 * width * height
    }
    return RGBImage(planes: planes, width: width, height: height)
  }

  /// The centre square of `view` in `layout`; planes stay planes, so `layout` is `yuv420` for them.
  func centreSquare(
    of view: PixelView, resolution: Int, layout: PictureLayout, into output: UnsafeMutablePointer<UInt8>
  ) {
    switch (view, layout) {
    case (.rgb(let pixels), .rgb):
      square(pixels, channelCount: 3, resolution: resolution, into: output)
    case (.rgb(let pixels), .yuv420):
      let square = planes.reserve(3 * resolution * resolution)
      self.square(pixels, channelCount: 3, resolution: resolution, into: square)
      vk_yuv420_from_rgb(square, output, resolution)
    case (.yuv420(let luma, let colour, let siting), .yuv420):
      square(luma, channelCount: 1, resolution: resolution, into: output)
      let half = (resolution + 1) / 2
      let target = output + resolution * resolution
      guard let colour else { return target.update(repeating: 128, count: 2 * half * half) }
      let geometry = SquareGeometry(width: luma.width, height: luma.height, resolution: resolution)
      let columns = filter(geometry.across.colourFilter(inputCount: colour.0.width, distance: siting.across))
      let rows = filter(geometry.down.colourFilter(inputCount: colour.0.height, distance: siting.down))
      resize(colour.0, channelCount: 1, columns: columns, rows: rows, into: target)
      resize(colour.1, channelCount: 1, columns: columns, rows: rows, into: target + half * half)
    case (.yuv420, .rgb):
      preconditionFailure("planes of luma and colour are resized as such")
    }
  }

  private func square(
    _ pixels: PlaneView, channelCount: Int, resolution: Int, into output: UnsafeMutablePointer<UInt8>
  ) {
    let geometry = SquareGeometry(width: pixels.width, height: pixels.height, resolution: resolution)
    resize(
      pixels, channelCount: channelCount, columns: filter(geometry.across.filter), rows: filter(geometry.down.filter),
      into: output)
  }

  private func filter(_ axis: BicubicFilter.Axis) -> BicubicFilter {
    if let filter = filters.first(where: { $0.axis == axis }) { return filter }
    if filters.count == Resizer.filterLimit { filters.removeFirst() }
    let filter = BicubicFilter(axis)
    filters.append(filter)
    return filter
  }

  /// Interleaved channels to planes `[channels, rows, columns]`; only the rows and columns that the outputs need are
  /// looked at.
  private func resize(
    _ pixels: PlaneView, channelCount: Int, columns: BicubicFilter, rows: BicubicFilter,
    into output: UnsafeMutablePointer<UInt8>
  ) {
    precondition(columns.inputs.upperBound <= pixels.width && rows.inputs.upperBound <= pixels.height, "beyond")
    let (width, height) = (columns.axis.outputCount, rows.axis.outputCount)
    let first = pixels.base + rows.inputs.lowerBound * pixels.stride + columns.inputs.lowerBound * channelCount
    if channelCount == 1, columns.isCopy, rows.isCopy {
      if pixels.stride == width { return output.update(from: first, count: width * height) }
      for row in 0..<height { (output + row * width).update(from: first + row * pixels.stride, count: width) }
      return
    }
    // The kernels work on whole vectors: rows and widths are padded to these.
    let stride = (width + 63) / 64 * 64
    let plane = stride * ((rows.inputs.count + 15) / 16 * 16)
    let turned = across.reserve(channelCount * plane)
    let scratch = tiles.reserve(vk_resize_scratch(columns.inputs.count, channelCount, width))
    vk_resize_across(
      first, pixels.stride, rows.inputs.count, columns.inputs.count, channelCount, columns.starts, columns.weights,
      columns.tapCount, width, turned, stride, plane, scratch)
    for channel in 0..<channelCount {
      vk_resize_down(
        turned + channel * plane, stride, rows.starts, rows.weights, rows.tapCount, height,
        output + channel * width * height, width)
    }
  }
}
