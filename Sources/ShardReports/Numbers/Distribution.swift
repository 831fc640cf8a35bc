/// What a list of whole numbers looks like: mean, percentiles, histogram.
public struct Distribution: Sendable, Equatable, Encodable {
  public let count: Int
  public let sum: Int
  public let mean: Double
  public let minimum: Int
  public let percentile5: Int
  public let percentile25: Int
  public let median: Int
  public let percentile75: Int
  public let percentile95: Int
  public let percentile99: Int
  public let maximum: Int
  public let histogram: Histogram

  /// Percentile p is the smallest value that at least p % of the values do not exceed. All is 0 without values.
  ///
  /// - Parameter values: not negative, in any order; the result does not depend on it.
  public init(_ values: [UInt32]) {
    let sorted = values.sorted()
    func percentile(_ percent: Int) -> Int {
      sorted.isEmpty ? 0 : Int(sorted[max(0, (sorted.count * percent + 99) / 100 - 1)])
    }
    count = sorted.count
    sum = sorted.reduce(0) { $0 + Int($1) }
    mean = sorted.isEmpty ? 0 : Double(sum) / Double(sorted.count)
    minimum = sorted.first.map { Int($0) } ?? 0
    maximum = sorted.last.map { Int($0) } ?? 0
    percentile5 = percentile(5)
    percentile25 = percentile(25)
    median = percentile(50)
    percentile75 = percentile(75)
    percentile95 = percentile(95)
    percentile99 = percentile(99)
    histogram = Histogram(sorted: sorted, median: percentile(50), percentile99: percentile(99))
  }

  public var isEmpty: Bool { count == 0 }
}
