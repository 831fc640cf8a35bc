import Glibc

extension DemoCanvas {
  /// How a product stands in a picture: its place, its radius, its turn in radians, the light on it.
  struct Pose {
    var x: Float
    var y: Float
    var radius: Float
    var turn: Float
    var light = Colour(repeating: 1)
  }

  static let palette: [Colour] = [
    Colour(214, 48, 49), Colour(41, 98, 214), Colour(46, 150, 70), Colour(243, 190, 40),
    Colour(242, 120, 175), Colour(40, 190, 195), Colour(118, 70, 180), Colour(242, 240, 232),
  ]

  /// A soft shadow, then the product: its shape filled by its pattern, a darker rim, light from the upper left.
  mutating func draw(_ product: DemoProduct, at pose: Pose) {
    let inverse = 1 / pose.radius
    let shadow = 1.25 * pose.radius
    blend(
      x: pose.x + 0.10 * pose.radius, y: pose.y + 0.16 * pose.radius, reach: SIMD2(shadow, shadow),
      colour: Colour(20, 18, 24)
    ) { dx, dy in
      let q = 1 - (dx * dx + dy * dy) * inverse * inverse / 1.5
      return q > 0 ? 0.5 * q : 0
    }
    let (cosine, sine) = (cos(pose.turn), sin(pose.turn))
    drawBody(product, at: pose, cosine: cosine, sine: sine)
    // A highlight, as of a lamp.
    let lamp = 0.3 * pose.radius
    blend(
      x: pose.x - 0.34 * pose.radius, y: pose.y - 0.38 * pose.radius, reach: SIMD2(lamp, lamp),
      colour: Colour(repeating: 255) * pose.light
    ) { dx, dy in
      let q = 1 - (dx * dx + dy * dy) * inverse * inverse / 0.09
      guard q > 0 else { return 0 }
      let (px, py) = (dx * inverse - 0.34, dy * inverse - 0.38)
      let (u, v) = (px * cosine + py * sine, py * cosine - px * sine)
      return DemoCanvas.depth(product.shape, u, v) > 0.08 ? 0.4 * q : 0
    }
  }

  /// The shape, its rim and its pattern, each with edges as soft as a pixel is wide.
  private mutating func drawBody(_ product: DemoProduct, at pose: Pose, cosine: Float, sine: Float) {
    let first = DemoCanvas.palette[product.colour.rawValue] * pose.light
    let second = product.second.map { DemoCanvas.palette[$0.rawValue] * pose.light } ?? first
    let (shape, pattern, change) = (product.shape, product.pattern, second - first)
    let inverse = 1 / pose.radius
    let sharpness = Float(side) * pose.radius  // pixels a unit of the shape
    let reach = DemoCanvas.reach(shape) * pose.radius
    paint(x: pose.x, y: pose.y, reach: SIMD2(reach, reach)) { pixel, dx, dy in
      let (px, py) = (dx * inverse, dy * inverse)
      let (u, v) = (px * cosine + py * sine, py * cosine - px * sine)
      let depth = DemoCanvas.depth(shape, u, v) * sharpness
      guard depth > -0.5 else { return }
      let inside = min(1, depth + 0.5)
      let withinRim = max(0, min(1, depth - 0.075 * sharpness + 0.5))
      let colour: Colour = first + change * DemoCanvas.second(pattern, u, v, sharpness)
      let shade: Float = (1.02 - 0.11 * (px + py)) * (0.6 + 0.4 * withinRim)
      pixel += (colour * shade - pixel) * inside
    }
  }

  /// The radius of the circle around a shape.
  private static func reach(_ shape: DemoProduct.Shape) -> Float {
    switch shape {
    case .round, .ring: 1
    case .cross: 1.09
    case .heart: 1.12
    case .square: 1.22
    case .triangle: 1.31
    }
  }

  /// About the distance to the edge, positive inside; the shape's outer radius is about 1.
  @inline(__always)
  private static func depth(_ shape: DemoProduct.Shape, _ u: Float, _ v: Float) -> Float {
    switch shape {
    case .round: return 1 - (u * u + v * v).squareRoot()
    case .square: return 0.86 - max(abs(u), abs(v))
    case .triangle: return min(0.78 - v, ((v + 1) * 0.58 - abs(u)) * 0.865)
    case .cross:
      let (a, b) = (abs(u), abs(v))
      return max(min(0.36 - a, 1.02 - b), min(0.36 - b, 1.02 - a))
    case .ring:
      let radius = (u * u + v * v).squareRoot()
      return min(1 - radius, radius - 0.5)
    case .heart:
      let (x, y) = (u * 1.16, 0.12 - v * 1.16)
      let q = x * x + y * y - 1
      let value = q * q * q - x * x * y * y * y
      let (du, dv) = (6 * x * q * q - 2 * x * y * y * y, 6 * y * q * q - 3 * x * x * y * y)
      return -value / max(0.35, (du * du + dv * dv).squareRoot())  // the distance, to first order
    }
  }

  /// How much of a pixel at (u, v) has the second colour, 0 … 1.
  @inline(__always)
  private static func second(_ pattern: DemoProduct.Pattern, _ u: Float, _ v: Float, _ sharpness: Float) -> Float {
    switch pattern {
    case .plain: return 0
    case .striped: return 0.5 + 0.5 * wave(u, 2.5, sharpness)
    case .checked: return 0.5 + 0.5 * wave(u, 2.3, sharpness) * wave(v, 2.3, sharpness)
    case .dotted:
      let (a, b) = (fraction(u / 0.62 + 16.5) - 0.5, fraction(v / 0.62 + 16.5) - 0.5)
      return max(0, min(1, (0.324 - (a * a + b * b).squareRoot()) * 0.62 * sharpness + 0.5))
    }
  }

  /// A square wave of `frequency` half periods a unit, 1 in the even ones, from 1 to −1 within a pixel.
  @inline(__always)
  private static func wave(_ position: Float, _ frequency: Float, _ sharpness: Float) -> Float {
    // Distance from the middle of an even half, in half periods: 0 … 1, the edge at 0.5.
    let distance = abs(2 * fraction(((position + 8) * frequency + 0.5) * 0.5) - 1)
    return max(-1, min(1, (0.5 - distance) / frequency * 2 * sharpness))
  }

  /// The part behind the point of a number of 0 … 2³⁰.
  @inline(__always)
  private static func fraction(_ value: Float) -> Float { value - Float(Int32(truncatingIfNeeded: Int(value))) }
}
