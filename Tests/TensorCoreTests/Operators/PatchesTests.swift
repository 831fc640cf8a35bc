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
      let y = bytes.withUnsafeBufferPointer {
        Tensor.patches(
          of: $0, images: images, size: size, patch: patch, mean: mean, deviation: deviation, dtype: dtype,
          backend: cpu)
      }
      #expect(y.shape == [images * grid * grid, 3 * patch * patch])
      expectClose(y.doubles(), expected, tolerance)
    }
  }
}
