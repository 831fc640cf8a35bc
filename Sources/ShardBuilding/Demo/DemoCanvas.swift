import Glibc
import MediaDecoding

/// A square picture being painted, in floats of 0 … 255 a channel: `[side, side]` colours.
///
/// Places and lengths are shares of the side, x to the right and y down. Edges are antialiased.
struct DemoCanvas {
  /// Red, green, blue; the fourth lane fills a register.
  typealias Colour = SIMD4<Float>

  let side: Int
  private(set) var pixels: [Colour]

  init(side: Int, colour: Colour) {
    self.side = side
    pixels = [Colour](repeating: colour, count: side * side)
  }

  /// Becomes a copy of a canvas of the same side, in the memory it has.
  mutating func copy(_ other: DemoCanvas) {
    precondition(other.side == side, "a canvas of \(other.side) onto one of \(side)")
    pixels.withUnsafeMutableBufferPointer { target in
      other.pixels.withUnsafeBufferPointer { target.baseAddress!.update(from: $0.baseAddress!, count: $0.count) }
    }
  }

  /// Replaces every pixel by `paint(x, y)` at its centre.
  @inline(__always)
  mutating func fill(_ paint: (Float, Float) -> Colour) {
    let scale = 1 / Float(side)
    let side = side
    pixels.withUnsafeMutableBufferPointer { pixels in
      var pixel = pixels.baseAddress!
      for y in 0..<side {
        for x in 0..<side {
          pixel.pointee = paint((Float(x) + 0.5) * scale, (Float(y) + 0.5) * scale)
          pixel += 1
        }
      }
    }
  }

  /// Changes the pixels of the box of `reach` around (x, y): `paint(pixel, dx, dy)`, the offsets from (x, y) to the
  /// pixel's centre.
  @inline(__always)
  mutating func paint(
    x: Float, y: Float, reach: SIMD2<Float>, _ paint: (inout Colour, Float, Float) -> Void
  ) {
    let (rows, columns) = (span(y, reach.y), span(x, reach.x))
    let scale = 1 / Float(side)
    let side = side
    pixels.withUnsafeMutableBufferPointer { pixels in
      for row in rows {
        let dy = (Float(row) + 0.5) * scale - y
        let line = pixels.baseAddress! + row * side
        for column in columns { paint(&line[column], (Float(column) + 0.5) * scale - x, dy) }
      }
    }
  }

  /// Lays `colour` over the pixels of a box, as opaque as `opacity(dx, dy)` says; dx, dy from the box's centre.
  @inline(__always)
  mutating func blend(
    x: Float, y: Float, reach: SIMD2<Float>, colour: Colour, opacity: (Float, Float) -> Float
  ) {
    paint(x: x, y: y, reach: reach) { pixel, dx, dy in
      let alpha = opacity(dx, dy)
      if alpha > 0 { pixel += (colour - pixel) * min(alpha, 1) }
    }
  }

  /// A straight stroke with round ends from (x, y) by (dx, dy), `radius` thick to either side.
  mutating func stroke(x: Float, y: Float, dx: Float, dy: Float, radius: Float, colour: Colour) {
    let inverse = 1 / max(dx * dx + dy * dy, 1e-8)
    let sharpness = Float(side)
    let margin = radius + 1 / Float(side)
    let reach = SIMD2(abs(dx) / 2 + margin, abs(dy) / 2 + margin)
    blend(x: x + dx / 2, y: y + dy / 2, reach: reach, colour: colour) { px, py in
      let (qx, qy) = (px + dx / 2, py + dy / 2)
      let along = max(0, min(1, (qx * dx + qy * dy) * inverse))
      let (rx, ry) = (qx - along * dx, qy - along * dy)
      let squared = rx * rx + ry * ry
      return squared < margin * margin ? (radius - squared.squareRoot()) * sharpness + 0.5 : 0
    }
  }

  /// A rectangle, edges on whole pixels.
  mutating func rectangle(x: Range<Float>, y: Range<Float>, colour: Colour, opacity: Float = 1) {
    let columns = clampedPixel(x.lowerBound)..<max(clampedPixel(x.lowerBound), clampedPixel(x.upperBound))
    let rows = clampedPixel(y.lowerBound)..<max(clampedPixel(y.lowerBound), clampedPixel(y.upperBound))
    let side = side
    pixels.withUnsafeMutableBufferPointer { pixels in
      for row in rows {
        let line = pixels.baseAddress! + row * side
        for column in columns { line[column] += (colour - line[column]) * opacity }
      }
    }
  }

  /// The picture in bytes, each pixel made brighter by its number of `grain`, counted from `start` and round again.
  ///
  /// - Parameter grain: a power of two of numbers.
  func image(grain: [Float], start: Int = 0) -> RGBImage {
    precondition(grain.count.nonzeroBitCount == 1, "\(grain.count) numbers of grain")
    let mask = grain.count - 1
    let bytes = [UInt8](unsafeUninitializedCapacity: 3 * pixels.count) { buffer, count in
      pixels.withUnsafeBufferPointer { pixels in
        grain.withUnsafeBufferPointer { grain in
          var byte = buffer.baseAddress!
          for position in 0..<pixels.count {
            // Adding 1.5 · 2²³ leaves the rounded number in the low bits: many times quicker than converting.
            let lift: Float = grain.baseAddress![(start &+ position) & mask]
            let value = (pixels.baseAddress![position] + lift) + Float(0x1.8p23)
            let level = unsafeBitCast(value, to: SIMD4<Int32>.self) &- SIMD4(repeating: 0x4B40_0000)
            byte[0] = UInt8(truncatingIfNeeded: max(0, min(255, level.x)))
            byte[1] = UInt8(truncatingIfNeeded: max(0, min(255, level.y)))
            byte[2] = UInt8(truncatingIfNeeded: max(0, min(255, level.z)))
            byte += 3
          }
        }
      }
      count = 3 * pixels.count
    }
    return RGBImage(width: side, height: side, pixels: bytes)
  }

  private func clampedPixel(_ share: Float) -> Int { max(0, min(side, Int((share * Float(side)).rounded()))) }

  private func span(_ centre: Float, _ reach: Float) -> Range<Int> {
    let low = max(0, min(side, Int(((centre - reach) * Float(side)).rounded(.down))))
    let high = max(low, min(side, Int(((centre + reach) * Float(side)).rounded(.up))))
    return low..<high
  }
}

extension DemoCanvas.Colour {
  init(_ red: Float, _ green: Float, _ blue: Float) { self.init(red, green, blue, 0) }
}
