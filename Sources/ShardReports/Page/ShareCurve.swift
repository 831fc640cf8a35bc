/// The share of the occurrences that the most frequent names have, as an SVG curve with the 80 % point marked; the
/// further above the diagonal, the longer the tail.
struct ShareCurve {
  var table: CountTable
  /// What is counted, in the plural: `categories`.
  var noun: String

  private static let (width, height) = (560.0, 230.0)
  private static let (left, right, top, bottom) = (54.0, 22.0, 14.0, 44.0)

  var svg: String {
    let (width, height, left, top) = (ShareCurve.width, ShareCurve.height, ShareCurve.left, ShareCurve.top)
    let (innerWidth, innerHeight) = (width - left - ShareCurve.right, height - top - ShareCurve.bottom)
    func n(_ value: Double) -> String { ChartScale.coordinate(value) }
    func x(_ share: Double) -> Double { left + share * innerWidth }
    func y(_ share: Double) -> Double { top + (1 - share) * innerHeight }
    var svg = ChartScale.open(width, height, "Share of the samples against share of the \(noun)")
    for tick in [0.0, 0.2, 0.4, 0.6, 0.8, 1.0] {
      svg +=
        "<line class=\"grid\" x1=\"\(n(left))\" x2=\"\(n(width - ShareCurve.right))\" y1=\"\(n(y(tick)))\" "
        + "y2=\"\(n(y(tick)))\"/>"
      svg += "<text class=\"end\" x=\"\(n(left - 6))\" y=\"\(n(y(tick) + 4))\">\(Int(tick * 100)) %</text>"
      svg +=
        "<text class=\"middle\" x=\"\(n(x(tick)))\" y=\"\(n(height - ShareCurve.bottom + 16))\">"
        + "\(Int(tick * 100)) %</text>"
    }
    svg += "<line class=\"even\" x1=\"\(n(x(0)))\" y1=\"\(n(y(0)))\" x2=\"\(n(x(1)))\" y2=\"\(n(y(1)))\"/>"
    let points = table.cumulativeShares().map { "\(n(x($0.names))),\(n(y($0.occurrences)))" }
    svg += "<polyline class=\"curve\" points=\"\(points.joined(separator: " "))\"/>"
    let names = Double(table.namesOf80Percent) / Double(max(1, table.distinctCount))
    let sum = table.rows.prefix(table.namesOf80Percent).reduce(0) { $0 + $1.count }
    let reached = Double(sum) / Double(max(1, table.total))
    svg += "<circle class=\"dot\" cx=\"\(n(x(names)))\" cy=\"\(n(y(reached)))\" r=\"4.5\"/>"
    // The curve never comes below the diagonal, so this corner is free.
    svg +=
      "<text class=\"strong end\" x=\"\(n(x(0.98)))\" y=\"\(n(y(0.07)))\">"
      + "● \(Figures.grouped(table.namesOf80Percent)) hold \(Figures.percent(reached))</text>"
    svg +=
      "<text class=\"middle\" x=\"\(n(left + innerWidth / 2))\" y=\"\(n(height - 6))\">"
      + "share of the \(HTMLText.escaped(noun)), the most frequent first</text></svg>"
    return svg
  }
}
