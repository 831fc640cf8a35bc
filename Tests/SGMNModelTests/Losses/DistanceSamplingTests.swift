import Foundation
import Randomness
import Testing

@testable import SGMNModel

@Suite struct DistanceSamplingTests {
  /// Random cosines, and products of which some are the same.
  private func problem(_ n: Int, seed: UInt64) -> (scores: [Double], same: [Bool]) {
    var stream = RandomStream(seed: seed, "scores", n)
    let products = (0..<n).map { _ in stream.integer(below: max(2, n / 2)) }
    return (
      (0..<(n * n)).map { _ in stream.uniform(-1, 1) }, products.flatMap { a in products.map { a == $0 } }
    )
  }

  private func distance(_ score: Double) -> Double { (2 - 2 * score).squareRoot() }

  /// Uniform numbers at both ends are where sums of rounded shares may miss.
  @Test func neverTheSameProductAndNeverTooFar() {
    for seed in UInt64(1)...200 {
      let n = 2 + Int(seed % 9)
      let (scores, same) = problem(n, seed: seed)
      var stream = RandomStream(seed: seed, "uniform")
      for uniform in [0, 1 - 0x1p-53, stream.uniform(), stream.uniform()] {
        let picks = DistanceSampling.negatives(
          scores: scores, excluded: same, width: 8, uniform: [Double](repeating: uniform, count: n))
        for (row, pick) in picks.enumerated() {
          let allowed = (0..<n).filter { !same[row * n + $0] && distance(scores[row * n + $0]) < 1.7 }
          #expect(pick.map { allowed.contains($0) } ?? allowed.isEmpty, "seed \(seed), row \(row), uniform \(uniform)")
        }
      }
    }
  }

  @Test func picksFollowTheWeights() {
    let n = 6
    let width = 8
    let (scores, same) = problem(n, seed: 11)
    let drawCount = 2000
    var counts = [Int](repeating: 0, count: n * n)
    for draw in 0..<drawCount {
      let uniform = [Double](repeating: (Double(draw) + 0.5) / Double(drawCount), count: n)
      for (row, pick) in DistanceSampling.negatives(scores: scores, excluded: same, width: width, uniform: uniform)
        .enumerated()
      {
        if let pick { counts[row * n + pick] += 1 }
      }
    }
    for row in 0..<n {
      // The inverse density of distances between uniform points of the sphere: 1 / (d^(D−2) · (1 − d²/4)^((D−3)/2)).
      let weights = (0..<n).map { column -> Double in
        let d = max(distance(scores[row * n + column]), 0.5)
        if same[row * n + column] || d >= 1.7 { return 0 }
        return 1 / (pow(d, Double(width - 2)) * pow(1 - d * d / 4, Double(width - 3) / 2))
      }
      let total = max(weights.reduce(0, +), 1e-300)
      for column in 0..<n {
        let share = Double(counts[row * n + column]) / Double(drawCount)
        #expect(abs(share - weights[column] / total) < 2 / Double(drawCount), "row \(row), column \(column)")
      }
    }
  }

  @Test func nearerThanAHalfIsAsGoodAsAHalf() {
    // Distances 0.1 and 0.3 from row 0: equally likely.
    let scores = [1, 1 - 0.01 / 2, 1 - 0.09 / 2, 0, 1, 0, 0, 0, 1]
    let same = [true, false, false, false, true, false, false, false, true]
    let pick = { (u: Double) in
      DistanceSampling.negatives(scores: scores, excluded: same, width: 64, uniform: [u, 0, 0])[0]
    }
    #expect(pick(0.499) == 1)
    #expect(pick(0.501) == 2)
  }

  @Test func aRowWithoutCandidatesHasNoNegative() {
    // Row 0 has the same product as all, row 1 looks at opposite points only, row 2 has one candidate.
    let scores = [1, 0.5, 0.5, -0.9, 1, -0.5, 0.2, 0.3, 1]
    let same = [true, true, true, false, true, false, false, true, true]
    for u in [0, 0.3, 1 - 0x1p-53] {
      #expect(
        DistanceSampling.negatives(scores: scores, excluded: same, width: 16, uniform: [u, u, u]) == [nil, nil, 0])
    }
    #expect(DistanceSampling.negatives(scores: [1], excluded: [true], width: 16, uniform: [0.5]) == [nil])
  }
}
