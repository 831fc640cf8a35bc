import Glibc
import MediaDecoding
import Randomness

/// Paints the pictures of a product: the shop's photograph, and the frames of a clip.
struct DemoScene: Sendable {
  /// Film grain, drawn once: fresh normal numbers for every pixel would cost more than all the painting.
  private let grain: [Float]

  init(seed: UInt64) {
    var random = RandomStream(seed: seed, "demo/grain")
    grain = (0..<1 << 15).map { _ in Float(random.normal()) * 3.5 }
  }

  private static let photographRadius: [Float] = [0.23, 0.31, 0.41]
  private static let clipRadius: [Float] = [0.175, 0.24, 0.325]

  /// The product alone before a light background, upright but for a few degrees.
  func photograph(of product: DemoProduct, side: Int, random: inout RandomStream) -> RGBImage {
    var canvas = DemoCanvas(side: side, colour: DemoCanvas.Colour(repeating: 245))
    let tone = DemoCanvas.Colour(
      Float(random.uniform(216, 232)), Float(random.uniform(216, 232)), Float(random.uniform(216, 232)))
    canvas.fill { x, y in tone * (1.06 - 0.25 * ((x - 0.5) * (x - 0.5) + (y - 0.42) * (y - 0.42))) }
    canvas.draw(
      product,
      at: DemoCanvas.Pose(
        x: 0.5 + 0.015 * Float(random.normal()), y: 0.5 + 0.015 * Float(random.normal()),
        radius: DemoScene.photographRadius[product.size.rawValue], turn: 0.1 * Float(random.normal())))
    return canvas.image(grain: [0])
  }

  struct Clip {
    var frames: [RGBImage]
    /// Other products in the picture: 1 … 3.
    var otherCount: Int
    var isPartlyHidden: Bool
  }

  /// The product moved and turned among `others` of its shop, in a light of the day, at times behind a hand.
  func clip(
    of product: DemoProduct, others: [DemoProduct], studio: DemoCanvas.Studio, frameCount: Int, side: Int,
    random: inout RandomStream
  ) -> Clip {
    let background = DemoCanvas(side: side, studio: studio, random: &random)
    let gain = Float(random.uniform(0.6, 1.12))
    let tint = DemoCanvas.Colour(
      Float(random.uniform(0.94, 1.06)), Float(random.uniform(0.94, 1.06)), Float(random.uniform(0.94, 1.06)))
    let bystanders = others.isEmpty ? [] : (0..<1 + random.integer(below: 3)).map { _ in Bystander(others, &random) }
    let path = Path(&random)
    let radius = DemoScene.clipRadius[product.size.rawValue] * Float(random.uniform(0.94, 1.06))
    let hand = Hand(&random)
    let overlay = random.uniform() < 0.5 ? RandomStream(seed: random.next(), "demo/letters") : nil
    var frames: [RGBImage] = []
    var canvas = background
    for index in 0..<frameCount {
      let time = frameCount > 1 ? Float(index) / Float(frameCount - 1) : 0
      canvas.copy(background)
      let light = tint * gain
      for bystander in bystanders {
        var pose = bystander.pose
        pose.x += bystander.drift.x * time + 0.01 * Float(random.normal())
        pose.y += bystander.drift.y * time + 0.01 * Float(random.normal())
        pose.light = light * 0.92
        canvas.draw(bystander.product, at: pose)
      }
      let (x, y, turn) = path.place(at: time)
      let flicker = Float(random.uniform(0.9, 1.1))
      canvas.draw(
        product, at: DemoCanvas.Pose(x: x, y: y, radius: radius, turn: turn, light: light * flicker))
      if hand.isSeen(at: time) {
        canvas.drawHand(
          x: x + hand.offset.x * radius, y: y + hand.offset.y * radius, radius: radius, angle: hand.angle,
          skin: hand.skin * gain)
      }
      if let overlay { canvas.drawOverlay(letters: overlay) }
      let start = random.integer(below: grain.count)
      frames.append(canvas.image(grain: grain, start: start))
    }
    return Clip(frames: frames, otherCount: bystanders.count, isPartlyHidden: hand.length > 0)
  }

  /// Another product of the shop, small and behind.
  private struct Bystander {
    var product: DemoProduct
    var pose: DemoCanvas.Pose
    var drift: SIMD2<Float>

    init(_ others: [DemoProduct], _ random: inout RandomStream) {
      product = others[random.integer(below: others.count)]
      pose = DemoCanvas.Pose(
        x: Float(random.uniform(0.08, 0.92)), y: Float(random.uniform(0.1, 0.85)),
        radius: Float(random.uniform(0.09, 0.13)) * (0.85 + 0.15 * Float(product.size.rawValue)),
        turn: Float(random.uniform(-0.8, 0.8)))
      drift = SIMD2(Float(random.normal()), Float(random.normal())) * 0.05
    }
  }

  /// A walk through four places, smooth between them.
  private struct Path {
    private var stops: [(x: Float, y: Float, turn: Float)] = []

    init(_ random: inout RandomStream) {
      var stop = (
        x: Float(random.uniform(0.36, 0.64)), y: Float(random.uniform(0.36, 0.62)),
        turn: Float(random.uniform(-0.8, 0.8))
      )
      for _ in 0..<4 {
        stops.append(stop)
        stop.x = max(0.28, min(0.72, stop.x + 0.06 * Float(random.normal())))
        stop.y = max(0.28, min(0.70, stop.y + 0.06 * Float(random.normal())))
        stop.turn += 0.25 * Float(random.normal())
      }
    }

    func place(at time: Float) -> (Float, Float, Float) {
      let position = time * 3
      let index = min(2, Int(position))
      let s = position - Float(index)
      let blend = s * s * (3 - 2 * s)
      let (a, b) = (stops[index], stops[index + 1])
      return (a.x + (b.x - a.x) * blend, a.y + (b.y - a.y) * blend, a.turn + (b.turn - a.turn) * blend)
    }
  }

  /// A hand that hides a part of the product for a part of most clips.
  private struct Hand {
    var start: Float
    var length: Float
    var angle: Float
    var offset: SIMD2<Float>
    var skin: DemoCanvas.Colour

    private static let skins: [DemoCanvas.Colour] = [
      DemoCanvas.Colour(238, 200, 172), DemoCanvas.Colour(222, 176, 140), DemoCanvas.Colour(176, 124, 88),
      DemoCanvas.Colour(120, 80, 56),
    ]

    init(_ random: inout RandomStream) {
      length = random.uniform() < 0.7 ? Float(random.uniform(0.35, 0.75)) : 0
      start = Float(random.uniform(-0.2, 0.7))
      angle = Float(random.uniform(0.15, 0.85)) * Float.pi  // from below, left or right of it
      offset = SIMD2(Float(random.uniform(-0.35, 0.35)), Float(random.uniform(0.0, 0.5)))
      skin = Hand.skins[random.integer(below: Hand.skins.count)]
    }

    func isSeen(at time: Float) -> Bool { length > 0 && time >= start && time < start + length }
  }
}
