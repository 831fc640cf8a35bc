/// How often each name occurs, the most frequent first, and how uneven that is.
public struct CountTable: Sendable, Equatable, Encodable {
  public struct Row: Sendable, Equatable, Encodable {
    public var name: String
    public var count: Int
  }

  /// Descending by count; equal counts by name.
  public let rows: [Row]
  /// Occurrences of all names.
  public let total: Int
  public let distinctCount: Int
  /// The share of the ten most frequent names.
  public let topTenShare: Double
  /// How many of the most frequent names together have at least 80 % of the occurrences.
  public let namesOf80Percent: Int
  /// G = Σᵢ (2i − n − 1) xᵢ / (n Σᵢ xᵢ) over ascending counts xᵢ: 0 where all are equal, near 1 where one has all.
  public let gini: Double

  public init(_ counts: [String: Int]) {
    rows = counts.filter { $0.value > 0 }.map { Row(name: $0.key, count: $0.value) }
      .sorted { $0.count != $1.count ? $0.count > $1.count : $0.name < $1.name }
    total = rows.reduce(0) { $0 + $1.count }
    distinctCount = rows.count
    topTenShare = total > 0 ? Double(rows.prefix(10).reduce(0) { $0 + $1.count }) / Double(total) : 0
    var (names, sum) = (0, 0)
    while names < rows.count, sum * 5 < total * 4 {
      sum += rows[names].count
      names += 1
    }
    namesOf80Percent = names
    var weighted = 0.0
    for (place, row) in rows.reversed().enumerated() {
      weighted += Double(2 * (place + 1) - rows.count - 1) * Double(row.count)
    }
    gini = total > 0 ? weighted / (Double(rows.count) * Double(total)) : 0
  }

  public var isEmpty: Bool { rows.isEmpty }

  /// The share of all occurrences that a row has.
  public func share(of row: Row) -> Double { total > 0 ? Double(row.count) / Double(total) : 0 }

  /// The first `limit` rows, and what the others have together.
  public func head(_ limit: Int) -> (rows: ArraySlice<Row>, restRowCount: Int, restCount: Int) {
    // One more row takes no more room than the line that would stand for it.
    let shown = rows.count <= limit + 1 ? rows[...] : rows.prefix(limit)
    return (shown, rows.count - shown.count, total - shown.reduce(0) { $0 + $1.count })
  }

  /// Share of the names (0 … 1), most frequent first, against their share of the occurrences: at most `limit` points
  /// from (0, 0) to (1, 1).
  public func cumulativeShares(limit: Int = 200) -> [(names: Double, occurrences: Double)] {
    guard total > 0 else { return [] }
    let step = max(1, (rows.count + limit - 1) / limit)
    var points = [(names: 0.0, occurrences: 0.0)]
    var sum = 0
    for (place, row) in rows.enumerated() {
      sum += row.count
      if (place + 1) % step == 0 || place == rows.count - 1 {
        points.append((Double(place + 1) / Double(rows.count), Double(sum) / Double(total)))
      }
    }
    return points
  }
}
