/// A picture of 8-bit red, green, blue, interleaved, row after row: `pixels` is `[height, width, 3]`.
public struct RGBImage: Sendable, Equatable {
  public let width: Int
  public let height: Int
  public var pixels: [UInt8]

  /// - Parameter pixels: exactly `3 · width · height` bytes.
  public init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(width > 0 && height > 0, "a picture of \(width)×\(height) does not exist")
    precondition(
      pixels.count == 3 * width * height, "\(width)×\(height) needs \(3 * width * height) bytes, not \(pixels.count)")
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  /// A copy of interleaved pixels.
  init(_ view: PlaneView) {
    let rowByteCount = 3 * view.width
    let pixels = [UInt8](unsafeUninitializedCapacity: rowByteCount * view.height) { buffer, count in
      for row in 0..<view.height {
        (buffer.baseAddress! + row * rowByteCount).update(from: view.base + row * view.stride, count: rowByteCount)
      }
      count = rowByteCount * view.height
    }
    self.init(width: view.width, height: view.height, pixels: pixels)
  }

  /// A picture of one colour.
  public init(width: Int, height: Int, red: UInt8, green: UInt8, blue: UInt8) {
    var pixels = [UInt8](repeating: red, count: 3 * width * height)
    for start in stride(from: 0, to: pixels.count, by: 3) {
      pixels[start + 1] = green
      pixels[start + 2] = blue
    }
    self.init(width: width, height: height, pixels: pixels)
  }

  /// The picture of three planes `[3, height, width]`: red, green, blue.
  public init(planes: [UInt8], width: Int, height: Int) {
    precondition(
      planes.count == 3 * width * height, "three planes of \(width)×\(height) need \(3 * width * height) bytes")
    let area = width * height
    var pixels = [UInt8](repeating: 0, count: 3 * area)
    for position in 0..<area {
      for channel in 0..<3 { pixels[3 * position + channel] = planes[channel * area + position] }
    }
    self.init(width: width, height: height, pixels: pixels)
  }

  /// The picture as three planes, `[3, height, width]`.
  public var planes: [UInt8] {
    let area = width * height
    return [UInt8](unsafeUninitializedCapacity: 3 * area) { output, count in
      pixels.withUnsafeBufferPointer { input in
        for position in 0..<area {
          output[position] = input[3 * position]
          output[area + position] = input[3 * position + 1]
          output[2 * area + position] = input[3 * position + 2]
        }
      }
      count = 3 * area
    }
  }
}
