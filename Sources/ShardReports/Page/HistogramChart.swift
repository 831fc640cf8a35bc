/// A histogram as an SVG picture: one bar a bin, a scale, and a mark at the median's bin.
struct HistogramChart {
  var histogram: Histogram
  /// What a screen reader says of it.
  var title: String
  /// What a value means, under the bars.
  var axis: String
  var median: Int
  /// Writes a value.
  var text: (Int) -> String = Figures.grouped

  private static let (width, height) = (560.0, 230.0)
  private static let (left, right, top, bottom) = (54.0, 22.0, 18.0, 44.0)

  var svg: String {
    let bins = histogram.bins
    let (width, height) = (HistogramChart.width, HistogramChart.height)
    let (left, top) = (HistogramChart.left, HistogramChart.top)
    let (innerWidth, innerHeight) = (width - left - HistogramChart.right, height - top - HistogramChart.bottom)
    let highest = bins.map(\.count).max() ?? 0
    let ticks = ChartScale.ticks(upTo: highest)
    let scale = innerHeight / Double(max(1, ticks[ticks.count - 1]))
    func y(_ count: Int) -> Double { top + innerHeight - Double(count) * scale }

    var svg = ChartScale.open(width, height, title)
    for tick in ticks {
      svg +=
        "<line class=\"grid\" x1=\"\(n(left))\" x2=\"\(n(width - HistogramChart.right))\" y1=\"\(n(y(tick)))\" "
        + "y2=\"\(n(y(tick)))\"/>"
      svg += "<text class=\"end\" x=\"\(n(left - 6))\" y=\"\(n(y(tick) + 4))\">\(ChartScale.short(tick))</text>"
    }
    // A few bars are not drawn as wide as the page.
    let slot = min(innerWidth / Double(max(1, bins.count)), 72)
    let first = left + (innerWidth - slot * Double(bins.count)) / 2
    let gap = slot > 8 ? min(4, slot * 0.16) : 0.5
    let total = Double(max(1, bins.reduce(0) { $0 + $1.count }))
    for (place, bin) in bins.enumerated() {
      let x = first + Double(place) * slot + gap / 2
      let holdsMedian = (bin.lower...max(bin.lower, bin.upper)).contains(median)
      svg +=
        "<rect class=\"bar\(holdsMedian ? " mark" : "")\" x=\"\(n(x))\" y=\"\(n(y(bin.count)))\" "
        + "width=\"\(n(slot - gap))\" height=\"\(n(Double(bin.count) * scale))\" rx=\"1.5\">"
      svg +=
        "<title>\(HTMLText.escaped(bin.label(text))): \(Figures.grouped(bin.count)) "
        + "(\(Figures.percent(Double(bin.count) / total)))</title></rect>"
    }
    if let place = bins.firstIndex(where: { $0.count > 0 && ($0.lower...$0.upper).contains(median) }) {
      svg += label(first + (Double(place) + 0.5) * slot, y(bins[place].count) - 5, "median", "strong")
    }
    // Bars of one value have it below them; wider ones have their bounds between them, as a ruler has.
    let areSingle = bins.allSatisfy { $0.lower == $0.upper }
    var labels = bins.enumerated().map {
      (x: first + (Double($0) + (areSingle ? 0.5 : 0)) * slot, text: text($1.lower))
    }
    if !areSingle, let last = bins.last, !last.isOpen {
      labels.append((first + Double(bins.count) * slot, text(last.upper + 1)))
    }
    let every = ChartScale.labelStep(labels.map(\.text.count).max() ?? 1, slot: slot)
    for (place, item) in labels.enumerated() where place % every == 0 {
      svg += label(item.x, height - HistogramChart.bottom + 16, item.text)
    }
    return svg + label(left + innerWidth / 2, height - 6, axis) + "</svg>"
  }

  private func label(_ x: Double, _ y: Double, _ text: String, _ style: String = "") -> String {
    "<text class=\"middle \(style)\" x=\"\(n(x))\" y=\"\(n(y))\">\(HTMLText.escaped(text))</text>"
  }

  private func n(_ value: Double) -> String { ChartScale.coordinate(value) }
}
