/// The weights of one axis of Pillow's antialiased bicubic resize, as 22-bit fixed point.
struct BicubicFilter {
  /// Output i is Σₖ weights[offset + k] · input[start + k], k < count.
  struct Tap {
    var start: Int
    var count: Int
    var offset: Int
  }

  private(set) var taps: [Tap] = []
  private(set) var weights: [Int32] = []

  static let precision: Int32 = 22
  /// One half of a level, added before the shift.
  static let half: Int32 = 1 << (precision - 1)

  static func byte(_ sum: Int32) -> UInt8 { UInt8(truncatingIfNeeded: max(0, min(255, sum >> precision))) }

  /// The taps of the outputs in `window` when `from` samples become `to`.
  init(from: Int, to: Int, window: Range<Int>) {
    precondition(from > 0 && to > 0 && window.lowerBound >= 0 && window.upperBound <= to, "\(from) to \(to), \(window)")
    if from == to {  // Pillow leaves such an axis alone
      taps = window.enumerated().map { Tap(start: $1, count: 1, offset: $0) }
      weights = [Int32](repeating: 1 << BicubicFilter.precision, count: window.count)
      return
    }
    let scale = Double(from) / Double(to)
    let stretch = max(scale, 1)
    let support = 2 * stretch
    for output in window {
      let centre = (Double(output) + 0.5) * scale
      let start = max(0, Int(centre - support + 0.5))
      let end = min(from, Int(centre + support + 0.5))
      let exact = (start..<end).map { BicubicFilter.kernel((Double($0) - centre + 0.5) * (1 / stretch)) }
      let sum = exact.reduce(0, +)
      taps.append(Tap(start: start, count: end - start, offset: weights.count))
      weights += exact.map { weight in
        let scaled = weight / sum * Double(1 << BicubicFilter.precision)
        return Int32(scaled < 0 ? scaled - 0.5 : scaled + 0.5)
      }
    }
  }

  /// Keys' cubic with a = −0.5.
  private static func kernel(_ position: Double) -> Double {
    let a = -0.5
    let x = abs(position)
    if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
    if x < 2 { return (((x - 5) * x + 8) * x - 4) * a }
    return 0
  }
}
