/// Means whose bits do not depend on how the rows are spread over ranks, as long as both counts are powers of two: rows
/// are added up in a binary tree, and the division by a power of two is exact.
enum TreeMean {
  /// The mean of every column; rows are of one length.
  static func of(_ rows: [[Double]]) -> [Double] {
    precondition(!rows.isEmpty, "the mean of no rows")
    var sums = rows
    while sums.count > 1 {
      sums = stride(from: 0, to: sums.count, by: 2).map { place in
        place + 1 < sums.count ? zip(sums[place], sums[place + 1]).map { $0 + $1 } : sums[place]
      }
    }
    return sums[0].map { $0 / Double(rows.count) }
  }
}
