/// Counts of whole numbers in bins that a person can read: single values, round steps, or doublings.
public struct Histogram: Sendable, Equatable, Encodable {
  /// The values `lower … upper`.
  public struct Bin: Sendable, Equatable, Encodable {
    public var lower: Int
    public var upper: Int
    public var count: Int
    /// Whether it also holds what is far above the others, so that its width says nothing.
    public var isOpen = false
  }

  public let bins: [Bin]

  private static let binLimit = 24

  /// - Parameter sorted: ascending.
  init(sorted: [UInt32], median: Int, percentile99: Int) {
    guard let first = sorted.first, let last = sorted.last else {
      bins = []
      return
    }
    let (low, high) = (Int(first), Int(last))
    var bins: [Bin] = []
    if high - low < Histogram.binLimit {
      bins = (low...high).map { Bin(lower: $0, upper: $0, count: 0) }
    } else if percentile99 >= 16 * max(1, median) {
      bins = Histogram.doublings(low, high)
    } else {
      // A few far values must not press all others into one bin.
      let end = high > low + 2 * max(1, percentile99 - low) ? percentile99 : high
      let step = Histogram.roundStep(atLeast: (end - low + Histogram.binLimit) / Histogram.binLimit)
      bins = stride(from: low / step * step, through: end, by: step).map {
        Bin(lower: $0, upper: $0 + step - 1, count: 0)
      }
      if high > bins[bins.count - 1].upper {
        bins[bins.count - 1].upper = high
        bins[bins.count - 1].isOpen = true
      }
    }
    var place = 0
    for number in bins.indices {
      let start = place
      while place < sorted.count, Int(sorted[place]) <= bins[number].upper { place += 1 }
      bins[number].count = place - start
    }
    self.bins = bins
  }

  /// 0, 1, 2–3, 4–7 …: from the bin of `low` to that of `high`.
  private static func doublings(_ low: Int, _ high: Int) -> [Bin] {
    var bins = low == 0 ? [Bin(lower: 0, upper: 0, count: 0)] : []
    var edge = 1
    while edge <= high {
      if 2 * edge > low { bins.append(Bin(lower: edge, upper: 2 * edge - 1, count: 0)) }
      edge *= 2
    }
    return bins
  }

  /// The least of 1, 2, 5, 10, 20, 50 … that is not below `value`.
  static func roundStep(atLeast value: Int) -> Int {
    var power = 1
    while true {
      for factor in [1, 2, 5] where factor * power >= value { return factor * power }
      power *= 10
    }
  }
}

extension Histogram.Bin {
  /// `3`, `10–19`, `≥ 200`; `text` writes one number.
  public func label(_ text: (Int) -> String = Figures.grouped) -> String {
    if isOpen { return "≥ \(text(lower))" }
    return lower == upper ? text(lower) : "\(text(lower))–\(text(upper))"
  }
}
