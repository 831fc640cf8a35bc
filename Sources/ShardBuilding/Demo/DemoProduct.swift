import Randomness

/// A product of the demo world: five attributes, each of which can be seen and said.
struct DemoProduct: Hashable, Sendable {
  var shape: Shape
  var size: Size
  var colour: Colour
  var pattern: Pattern
  /// The pattern's colour, never `colour`. A plain product has none.
  var second: Colour?

  enum Shape: Int, CaseIterable, Sendable { case round, square, triangle, cross, ring, heart }
  enum Size: Int, CaseIterable, Sendable { case small, medium, large }
  enum Pattern: Int, CaseIterable, Sendable { case plain, striped, checked, dotted }
  enum Colour: Int, CaseIterable, Sendable { case red, blue, green, yellow, pink, cyan, violet, white }

  /// All products there can be: 6 shapes · 3 sizes · (8 plain + 3 patterns · 8 · 7 pairs of colours).
  static let combinationCount = 6 * 3 * (8 + 3 * 8 * 7)

  static func random(_ random: inout RandomStream) -> DemoProduct {
    var product = DemoProduct(
      shape: .allCases[random.integer(below: 6)], size: .allCases[random.integer(below: 3)],
      colour: .allCases[random.integer(below: 8)], pattern: .allCases[random.integer(below: 4)], second: nil)
    product.drawSecondColour(&random)
    return product
  }

  /// A product that differs in one attribute.
  func lookAlike(_ random: inout RandomStream) -> DemoProduct {
    var other = self
    switch random.integer(below: second == nil ? 4 : 5) {
    case 0: other.shape = DemoProduct.another(than: shape, &random)
    case 1: other.size = DemoProduct.another(than: size, &random)
    case 2:
      repeat { other.colour = DemoProduct.another(than: colour, &random) } while other.colour == second
    case 3:
      other.pattern = DemoProduct.another(than: pattern, &random)
      if other.pattern == .plain { other.second = nil } else if second == nil { other.drawSecondColour(&random) }
    default:
      repeat { other.second = DemoProduct.another(than: second!, &random) } while other.second == colour
    }
    return other
  }

  private mutating func drawSecondColour(_ random: inout RandomStream) {
    second = pattern == .plain ? nil : DemoProduct.another(than: colour, &random)
  }

  private static func another<Value: CaseIterable & Equatable>(than value: Value, _ random: inout RandomStream) -> Value
  where Value.AllCases == [Value] {
    let others = Value.allCases.filter { $0 != value }
    return others[random.integer(below: others.count)]
  }
}
