import Randomness
import TensorCore
import Testing

@testable import SGMNModel

/// Every way to choose negatives against loops over plain numbers.
@Suite struct TripletLossTests {
  private let margin = 0.2
  private let width = 5

  /// Products of seven pairs, of which some are the same.
  private let products: [UInt64] = [3, 1, 3, 2, 5, 2, 3]

  private func same(_ products: [UInt64]) -> Tensor {
    tensor(products.flatMap { a in products.map { a == $0 ? 1 : 0 } }, [products.count, products.count])
  }

  private func unit(_ n: Int, seed: UInt64) -> [[Double]] {
    (0..<n).map { row in
      let x = normals(width, seed: seed * 100 + UInt64(row))
      let length = dot(x, x).squareRoot()
      return x.map { $0 / length }
    }
  }

  private func loss(
    _ mining: ModelConfiguration.Mining, _ a: Tensor, _ b: Tensor, _ products: [UInt64], uniform: [Double] = []
  ) -> Tensor {
    TripletLoss(margin: margin, mining: mining, same: same(products))(a, b, uniform: uniform[...])
  }

  /// Both directions by loops: anchors a against b, then anchors b against a.
  private func bruteForce(_ a: [[Double]], _ b: [[Double]], _ products: [UInt64], hardest: Bool) -> Double {
    let n = a.count
    var total = 0.0
    for (anchors, others) in [(a, b), (b, a)] {
      var sum = 0.0
      var count = 0
      for r in 0..<n {
        let hinges = (0..<n).filter { products[$0] != products[r] }
          .map { max(0, margin + dot(anchors[r], others[$0]) - dot(anchors[r], others[r])) }
        if hardest { sum += hinges.max() ?? 0 } else { sum += hinges.reduce(0, +) }
        count += hinges.count { $0 > 0 }
      }
      total += sum / Double(hardest ? n : max(1, count))
    }
    return total
  }

  @Test(arguments: [UInt64(1), 2, 3]) func hardestAndViolatingAreTheirDefinitions(seed: UInt64) {
    let (a, b) = (unit(7, seed: seed), unit(7, seed: seed + 10))
    let (ta, tb) = (tensor(a.flatMap { $0 }, [7, width]), tensor(b.flatMap { $0 }, [7, width]))
    let hardest = bruteForce(a, b, products, hardest: true)
    let violating = bruteForce(a, b, products, hardest: false)
    #expect(hardest > 0 && violating > 0)
    #expect(abs(loss(.hardest, ta, tb, products).item() - hardest) < 1e-12)
    #expect(abs(loss(.violating, ta, tb, products).item() - violating) < 1e-12)
  }

  @Test func distanceTakesTheNegativeThatItsUniformNumberNames() {
    let (a, b) = (unit(7, seed: 4), unit(7, seed: 14))
    var stream = RandomStream(seed: 9, "uniform")
    let uniform = (0..<14).map { _ in stream.uniform() }
    var expected = 0.0
    for (direction, (anchors, others)) in [(a, b), (b, a)].enumerated() {
      for r in 0..<7 {
        let weights = (0..<7).map { c -> Double in
          let d = max((2 - 2 * dot(anchors[r], others[c])).squareRoot(), 0.5)
          guard products[c] != products[r], d < 1.7 else { return 0 }
          return 1 / (pow(d, 3) * pow(1 - d * d / 4, 1))  // D = 5: d^(D−2) · (1 − d²/4)^((D−3)/2)
        }
        let total = weights.reduce(0, +)
        var left = uniform[direction * 7 + r] * total
        guard
          let pick = (0..<7).first(where: {
            left -= weights[$0]
            return left < 0
          })
        else { continue }
        expected += max(0, margin + dot(anchors[r], others[pick]) - dot(anchors[r], others[r])) / 7
      }
    }
    let value = loss(
      .distance, tensor(a.flatMap { $0 }, [7, width]), tensor(b.flatMap { $0 }, [7, width]), products, uniform: uniform)
    #expect(expected > 0)
    #expect(abs(value.item() - expected) < 1e-12)
  }

  private func pow(_ x: Double, _ n: Int) -> Double { (0..<n).reduce(1) { y, _ in y * x } }

  @Test(arguments: [ModelConfiguration.Mining.hardest, .violating, .distance])
  func withoutNegativesThereIsNoLoss(mining: ModelConfiguration.Mining) {
    for products in [[7] as [UInt64], [7, 7, 7]] {
      let n = products.count
      let x = tensor(unit(n, seed: 2).flatMap { $0 }, [n, width])
      let y = tensor(unit(n, seed: 3).flatMap { $0 }, [n, width])
      x.collectGradient(in: .zeros([n, width], dtype: .float64, backend: cpu))
      let value = loss(mining, x, y, products, uniform: [Double](repeating: 0.5, count: 2 * n))
      #expect(value.item() == 0)
      value.backward()
      #expect(x.gradient!.doubles().allSatisfy { $0 == 0 })
    }
  }

  @Test(arguments: [ModelConfiguration.Mining.hardest, .violating, .distance])
  func gradientsAreThoseOfDifferences(mining: ModelConfiguration.Mining) {
    let other = tensor(unit(7, seed: 6).flatMap { $0 }, [7, width])
    var stream = RandomStream(seed: 3, "uniform")
    let uniform = (0..<14).map { _ in stream.uniform() }
    let values = normals(7 * width, seed: 5)
    #expect(
      gradientError(values, [7, width]) { loss(mining, $0.unitRows(), other, products, uniform: uniform) } < 1e-7)
    #expect(
      gradientError(values, [7, width]) { loss(mining, other, $0.unitRows(), products, uniform: uniform) } < 1e-7)
  }
}
