import Glibc

/// One negative an anchor, drawn with a probability inverse to the density of its distance on the sphere (Wu et al.,
/// "Sampling matters in deep embedding learning", 2017).
enum DistanceSampling {
  /// Nearer is as good as this near.
  static let nearest = 0.5
  /// At this distance or beyond, a negative is never drawn.
  static let farthest = 1.7

  /// scores [N, N] cosines of unit vectors of `width`, excluded [N, N], uniform [N] in [0, 1) -> the column drawn for
  /// every row, nil where no negative is near enough.
  ///
  /// log weight = (2 − D)·ln d − (D − 3)/2·ln(1 − d²/4) with d = √(2 − 2s).
  static func negatives(scores: [Double], excluded: [Bool], width: Int, uniform: [Double]) -> [Int?] {
    let n = uniform.count
    return (0..<n).map { row in
      let logWeights: [Double] = (0..<n).map { column in
        let d = max(2 - 2 * scores[row * n + column], nearest * nearest).squareRoot()
        guard !excluded[row * n + column], d < farthest else { return -.infinity }
        return Double(2 - width) * log(d) - Double(width - 3) / 2 * log(max(1 - 0.25 * d * d, 1e-8))
      }
      guard let top = logWeights.max(), top > -.infinity else { return nil }
      let weights = logWeights.map { exp($0 - top) }
      let total = weights.reduce(0, +)
      var sum = 0.0
      let passed = weights.count { weight in
        sum += weight / total
        return sum <= uniform[row]
      }
      // The rounded shares may sum to less than a uniform number near 1: then it is the last column that has a share.
      return weights.lastIndex { $0 > 0 }.map { min(passed, $0) }
    }
  }
}
