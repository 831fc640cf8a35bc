import CVectorKernels

/// The planes of plain JPEG files (`BaselineJPEG`), as libjpeg-turbo's, in little more than half of its time.
///
/// Keeps its tables from picture to picture: most files bring the same. One thread at a time.
final class BaselineJPEGDecoder {
  private var bytes = [[UInt8]](repeating: [], count: 8)
  private let codes = UnsafeMutablePointer<vk_jpeg_codes>.allocate(capacity: 8)
  private let scratch = ScratchBuffer()

  deinit { codes.deallocate() }

  /// Luma `[16 · rows, 16 · columns]`, then both colour planes `[8 · rows, 8 · columns]`, where the file has at most
  /// 16 · columns by 16 · rows pixels; nil (and nothing of use in `pixels`) where the file is not one of those. All of
  /// the file is read and must be right, but only the `lines` of luma and what belongs to them become pixels.
  func decode(
    _ picture: BaselineJPEG, of file: UnsafeBufferPointer<UInt8>, lines: Range<Int>, into pixels: ScratchBuffer
  ) -> PixelView? {
    for component in picture.components {
      for number in [component.mean, component.rest] {
        guard prepare(number, picture.codes[number]) else { return nil }
      }
    }
    let (columns, rows) = ((picture.width + 15) / 16, (picture.height + 15) / 16)
    let area = 64 * columns * rows
    let luma = pixels.reserve(6 * area)
    let (blue, red) = (luma + 4 * area, luma + 5 * area)
    let data = UnsafeBufferPointer(rebasing: file[picture.scanStart...])
    let memory = scratch.reserve(data.count + VK_JPEG_PADDING)
    let tables: [UnsafePointer<vk_jpeg_codes>?] = picture.components.flatMap {
      [UnsafePointer(codes + $0.mean), UnsafePointer(codes + $0.rest)]
    }
    let end = picture.withQuantisers { quantisers in
      vk_jpeg_scan(
        data.baseAddress, data.count, tables, quantisers, columns, rows, lines.lowerBound / 16,
        (lines.upperBound + 15) / 16, luma, blue, red, memory)
    }
    // The end of the image must be all that follows.
    guard end >= 0, data[end + 1] == 0xD9 else { return nil }
    func plane(_ base: UnsafeMutablePointer<UInt8>, _ stride: Int, _ width: Int, _ height: Int) -> PlaneView {
      PlaneView(base: base, stride: stride, width: width, height: height)
    }
    let (halfWidth, halfHeight) = ((picture.width + 1) / 2, (picture.height + 1) / 2)
    return .yuv420(
      luma: plane(luma, 16 * columns, picture.width, picture.height),
      colour: (plane(blue, 8 * columns, halfWidth, halfHeight), plane(red, 8 * columns, halfWidth, halfHeight)),
      siting: .centre)
  }

  /// Whether table `number` is regular.
  private func prepare(_ number: Int, _ wanted: [UInt8]) -> Bool {
    if bytes[number] == wanted { return true }
    bytes[number] = []
    let isRegular = wanted.withUnsafeBufferPointer {
      vk_jpeg_huffman($0.baseAddress, $0.baseAddress! + 16, number < 4 ? 1 : 0, codes + number) == 0
    }
    if isRegular { bytes[number] = wanted }
    return isRegular
  }
}

extension BaselineJPEG {
  /// Runs `body` with pointers to the quantisers of the three components.
  fileprivate func withQuantisers<Result>(_ body: ([UnsafePointer<Int16>?]) -> Result) -> Result {
    quantisers[components[0].quantiser].withUnsafeBufferPointer { first in
      quantisers[components[1].quantiser].withUnsafeBufferPointer { second in
        quantisers[components[2].quantiser].withUnsafeBufferPointer { third in
          body([first.baseAddress, second.baseAddress, third.baseAddress])
        }
      }
    }
  }
}
