import Randomness
import ShardFormat
import Testing

/// Against the definition, in plain loops: libjpeg's fixed-point numbers.
@Suite struct YUV420Tests {
  static let sizes = [1, 2, 3, 4, 5, 16, 17, 33, 224]

  private func noise(_ count: Int, _ name: String) -> [UInt8] {
    var stream = RandomStream(seed: 8, name)
    return (0..<count).map { _ in UInt8(truncatingIfNeeded: stream.next()) }
  }

  @Test(arguments: sizes) func rgbOfPlanes(size: Int) {
    let half = (size + 1) / 2
    let planes = noise(PixelEncoding.yuv420.pictureByteCount(resolution: size), "planes \(size)")
    let rgb = planes.withUnsafeBytes { PixelEncoding.yuv420.rgb(from: $0, resolution: size) }
    func chroma(_ plane: Int, _ x: Int, _ y: Int) -> Int {
      let start = size * size + plane * half * half
      func at(_ x: Int, _ y: Int) -> Int {
        Int(planes[start + min(max(y, 0), half - 1) * half + min(max(x, 0), half - 1)])
      }
      let (i, j) = (x / 2, y / 2)
      let (besideX, besideY) = (x % 2 == 0 ? i - 1 : i + 1, y % 2 == 0 ? j - 1 : j + 1)
      func sum(_ x: Int) -> Int { 3 * at(x, j) + at(x, besideY) }
      return (3 * sum(i) + sum(min(max(besideX, 0), half - 1)) + (x % 2 == 0 ? 8 : 7)) >> 4
    }
    var expected = [UInt8](repeating: 0, count: 3 * size * size)
    for y in 0..<size {
      for x in 0..<size {
        let (luma, u, v) = (Int(planes[y * size + x]), chroma(0, x, y) - 128, chroma(1, x, y) - 128)
        let values = [
          luma + ((91881 * v + 32768) >> 16), luma + ((-22554 * u - 46802 * v + 32768) >> 16),
          luma + ((116130 * u + 32768) >> 16),
        ]
        for (channel, value) in values.enumerated() {
          expected[channel * size * size + y * size + x] = UInt8(min(max(value, 0), 255))
        }
      }
    }
    #expect(rgb == expected)
  }

  @Test(arguments: sizes) func planesOfRGB(size: Int) {
    let half = (size + 1) / 2
    let rgb = noise(3 * size * size, "rgb \(size)")
    let planes = PixelEncoding.yuv420.pictures(fromRGB: rgb, resolution: size)
    func at(_ channel: Int, _ x: Int, _ y: Int) -> Int {
      Int(rgb[channel * size * size + min(y, size - 1) * size + min(x, size - 1)])
    }
    var expected: [UInt8] = []
    for y in 0..<size {
      for x in 0..<size {
        expected.append(UInt8((19595 * at(0, x, y) + 38470 * at(1, x, y) + 7471 * at(2, x, y) + 32768) >> 16))
      }
    }
    for factors in [[-11059, -21709, 32768], [32768, -27439, -5329]] {
      for y in 0..<half {
        for x in 0..<half {
          let sum = (0..<3).reduce((128 << 16) + 32767) { total, channel in
            let block =
              at(channel, 2 * x, 2 * y) + at(channel, 2 * x + 1, 2 * y) + at(channel, 2 * x, 2 * y + 1)
              + at(channel, 2 * x + 1, 2 * y + 1)
            return total + factors[channel] * ((block + 2) >> 2)
          }
          expected.append(UInt8(sum >> 16))
        }
      }
    }
    #expect(planes == expected)
  }

  @Test(arguments: sizes) func greyComesBackExactly(size: Int) {
    let grey = noise(size * size, "grey \(size)")
    let planes = PixelEncoding.yuv420.pictures(fromRGB: grey + grey + grey, resolution: size)
    #expect(planes.withUnsafeBytes { PixelEncoding.yuv420.rgb(from: $0, resolution: size) } == grey + grey + grey)
  }
}
