import Glibc
import Randomness

extension DemoCanvas {
  /// The look of a live: wall, table and lamps.
  struct Studio {
    var wall: Colour
    var table: Colour
    var lamp: Colour

    init(_ random: inout RandomStream) {
      func colour(_ low: Double, _ high: Double) -> Colour {
        // Half way to its own grey: painted rooms are paler than the goods in them.
        let colour = Colour(
          Float(random.uniform(low, high)), Float(random.uniform(low, high)), Float(random.uniform(low, high)))
        return (colour + Colour(repeating: colour.sum() / 3)) / 2
      }
      wall = colour(50, 185)
      table = colour(70, 190)
      lamp = colour(190, 255)
    }
  }

  /// The scene without products: a lit wall with shelves and lamps out of focus, and a table.
  init(side: Int, studio: Studio, random: inout RandomStream) {
    self.init(side: side, colour: studio.wall)
    // The same live at another hour: its colours drift from clip to clip.
    func drift(_ colour: Colour) -> Colour {
      colour + Colour(Float(random.normal()), Float(random.normal()), Float(random.normal())) * 22
    }
    let (wall, table) = (drift(studio.wall), drift(studio.table))
    let edge = Float(random.uniform(0.66, 0.82))
    let centre = Float(random.uniform(0.2, 0.8))
    fill { x, y in
      let glow = 1.18 - 0.5 * ((x - centre) * (x - centre) + (y - 0.2) * (y - 0.2))
      return y < edge ? wall * glow : table * (1.12 - 0.7 * (y - edge))
    }
    for _ in 0..<2 {
      let height = Float(random.uniform(0.08, 0.6))
      rectangle(x: 0..<1, y: height..<height + 0.025, colour: wall * 0.62, opacity: 0.7)
    }
    for _ in 0..<5 {
      let radius = Float(random.uniform(0.03, 0.09))
      let (x, y) = (Float(random.uniform(0, 1)), Float(random.uniform(0, 0.6)))
      blend(x: x, y: y, reach: SIMD2(radius, radius), colour: studio.lamp) { dx, dy in
        let q = 1 - (dx * dx + dy * dy) / (radius * radius)
        return q > 0 ? min(0.4, 1.2 * q) : 0
      }
    }
  }

  /// A hand that reaches in from below or the side, its fingers towards (x, y) from the direction `angle`.
  mutating func drawHand(x: Float, y: Float, radius: Float, angle: Float, skin: Colour) {
    let (cosine, sine) = (cos(angle), sin(angle))
    let thickness = 0.034 + 0.10 * radius
    func place(_ along: Float, _ across: Float) -> (Float, Float) {
      (x + along * cosine - across * sine, y + along * sine + across * cosine)
    }
    let reach = 1.05 * radius
    for finger in 0..<4 {
      let across = (Float(finger) - 1.5) * 1.75 * thickness
      let tip = place(0.30 * reach + 0.06 * abs(across) / thickness * radius, across)
      let root = place(reach + 0.12, across * 0.9)
      for (tone, width) in [(Float(0.72), thickness * 1.12), (1, thickness * 0.9)] {
        stroke(x: tip.0, y: tip.1, dx: root.0 - tip.0, dy: root.1 - tip.1, radius: width, colour: skin * tone)
      }
    }
    let palm = place(reach + 0.17, 0)
    let wrist = place(reach + 0.9, 0)
    stroke(
      x: palm.0, y: palm.1, dx: wrist.0 - palm.0, dy: wrist.1 - palm.1, radius: 3.1 * thickness, colour: skin * 0.97)
  }

  /// What a live lays over its picture: the red sign, and a caption whose letters are too small to read.
  mutating func drawOverlay(letters: RandomStream) {
    var letters = letters
    rectangle(x: 0.03..<0.17, y: 0.03..<0.09, colour: Colour(225, 35, 60), opacity: 0.9)
    for letter in 0..<4 {
      let x = 0.05 + 0.028 * Float(letter)
      rectangle(x: x..<x + 0.018, y: 0.045..<0.075, colour: Colour(repeating: 255), opacity: 0.85)
    }
    rectangle(x: 0..<1, y: 0.88..<1, colour: Colour(15, 15, 25), opacity: 0.55)
    var x: Float = 0.05
    while x < 0.9 {
      let width = Float(letters.uniform(0.015, 0.05))
      rectangle(x: x..<x + width, y: 0.92..<0.96, colour: Colour(repeating: 245), opacity: 0.85)
      x += width + 0.02
    }
  }
}
