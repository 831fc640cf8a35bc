import Randomness
import TensorCore
import Testing

@Suite struct PatchesTests {
  /// Each patch is a row of channel, row, column, whatever the edge that does not fill a patch holds.
  @Test(arguments: [(1, 2, 2), (2, 6, 3), (1, 7, 3), (2, 4, 1)])
  func arrangement(images: Int, size: Int, patch: Int) {
    let bytes = (0..<(images * 3 * size * size)).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 11) }
    let mean = [0.1, 0.2, 0.3]
    let deviation = [0.5, 0.25, 0.125]
    let grid = size / patch
    var expected: [Double] = []
    for image in 0..<images {
      for (top, left) in (0..<grid).flatMap({ top in (0..<grid).map { (top, $0) } }) {
        for channel in 0..<3 {
          for (row, column) in (0..<patch).flatMap({ row in (0..<patch).map { (row, $0) } }) {
            let line = (image * 3 + channel) * size + top * patch + row
            let byte = Double(bytes[line * size + left * patch + column])
            expected.append((byte / 255 - mean[channel]) / deviation[channel])
          }
        }
      }
    }
    for (dtype, tolerance) in [(DType.float64, 1e-14), (.float32, 1e-6)] {
      let y = Tensor.patches(
        of: [bytes], size: size, patch: patch, mean: mean, deviation: deviation, dtype: dtype, backend: cpu)
      #expect(y.shape == [images * grid * grid, 3 * patch * patch])
      expectClose(y.doubles(), expected, tolerance)
    }
  }

  /// 4:2:0 planes give the patches of their RGB bytes, to the bit and in every format, wherever a list of pictures ends.
  @Test(arguments: [(1, 1), (2, 1), (7, 3), (7, 7), (9, 3), (33, 11), (32, 16), (70, 32), (224, 32)])
  func planesGiveThePatchesOfTheirRGB(size: Int, patch: Int) {
    let (first, second) = (planes(2, size: size, seed: 1), planes(1, size: size, seed: 2))
    let pictures = (first + second).flatMap { rgb(of: $0, size: size) }
    let lists = [first.flatMap { $0 }, [], second.flatMap { $0 }]
    let patches = { (lists: [[UInt8]], layout: PixelLayout, dtype: DType) in
      Tensor.patches(
        of: lists, layout: layout, size: size, patch: patch, mean: [0.48, 0.45, 0.4], deviation: [0.27, 0.26, 0.28],
        dtype: dtype, backend: cpu)
    }
    for dtype in [DType.float64, .float32, .bfloat16] {
      let (direct, stepwise) = (patches(lists, .yuv420, dtype), patches([pictures], .rgb, dtype))
      #expect(direct.shape == stepwise.shape)
      #expect(direct.doubles() == stepwise.doubles())
    }
    let rounded = patches(lists, .yuv420, .float32).floats().map { BFloat16.float(BFloat16.bits($0)) }
    #expect(patches(lists, .yuv420, .bfloat16).floats() == rounded)
  }

  private func planes(_ count: Int, size: Int, seed: UInt64) -> [[UInt8]] {
    (0..<count).map { picture in
      var stream = RandomStream(seed: seed, purpose: "planes", indices: [picture, size])
      return (0..<PixelLayout.yuv420.pictureByteCount(size: size)).map { _ in UInt8(stream.uniform() * 256) }
    }
  }

  /// Chroma by a triangle filter with libjpeg's rounding, then BT.601 in full range, in 16-bit fixed point.
  private func rgb(of planes: [UInt8], size: Int) -> [UInt8] {
    let half = (size + 1) / 2
    func chroma(_ plane: Int, _ y: Int, _ x: Int) -> Int {
      let column = { (x: Int) in
        let at = { Int(planes[size * size + plane * half * half + min(max($0, 0), half - 1) * half + x]) }
        return 3 * at(y / 2) + at(y % 2 == 0 ? y / 2 - 1 : y / 2 + 1)
      }
      let beside = x % 2 == 0 ? max(x / 2 - 1, 0) : min(x / 2 + 1, half - 1)
      return (3 * column(x / 2) + column(beside) + (x % 2 == 0 ? 8 : 7)) >> 4
    }
    var rgb = [[UInt8]](repeating: [], count: 3)
    for y in 0..<size {
      for x in 0..<size {
        let (luma, blue, red) = (Int(planes[y * size + x]), chroma(0, y, x) - 128, chroma(1, y, x) - 128)
        let offsets = [91881 * red, -22554 * blue - 46802 * red, 116130 * blue]
        for channel in 0..<3 {
          rgb[channel].append(UInt8(min(max(luma + ((offsets[channel] + 32768) >> 16), 0), 255)))
        }
      }
    }
    return rgb.flatMap { $0 }
  }

  @Test func partsOfPicturesTrap() async {
    await #expect(processExitsWith: .failure) {
      _ = Tensor.patches(
        of: [[UInt8](repeating: 0, count: 5)], layout: .yuv420, size: 2, patch: 1, mean: [0, 0, 0],
        deviation: [1, 1, 1], dtype: .float32, backend: CPUBackend())
    }
  }
}
