/// What the charts of a page share: scales, and numbers as SVG writes them.
enum ChartScale {
  /// 0 and up to five round numbers, the last at or above `highest`.
  static func ticks(upTo highest: Int) -> [Int] {
    guard highest > 0 else { return [0, 1] }
    let step = Histogram.roundStep(atLeast: (highest + 3) / 4)
    return Array(stride(from: 0, through: (highest + step - 1) / step * step, by: step))
  }

  /// Each how many bars a label fits whose longest has `length` characters.
  static func labelStep(_ length: Int, slot: Double) -> Int {
    max(1, Int(((Double(length) * 6.8 + 10) / max(1, slot)).rounded(.up)))
  }

  /// `950`, `12k`, `1.5M`.
  static func short(_ value: Int) -> String {
    for (unit, name) in [(1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")] where value >= unit {
      let text = Figures.decimal(Double(value) / Double(unit), value % unit == 0 ? 0 : value % (unit / 10) == 0 ? 1 : 2)
      return text + name
    }
    return String(value)
  }

  /// A coordinate with at most two digits after the point.
  static func coordinate(_ value: Double) -> String {
    let hundredths = Int((value * 100).rounded())
    if hundredths % 100 == 0 { return String(hundredths / 100) }
    return "\(Double(hundredths) / 100)"
  }

  static func open(_ width: Double, _ height: Double, _ title: String) -> String {
    "<svg class=\"chart\" viewBox=\"0 0 \(coordinate(width)) \(coordinate(height))\" role=\"img\" "
      + "aria-label=\"\(HTMLText.escaped(title))\">"
  }
}
