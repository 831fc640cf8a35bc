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

  /// Which vectors of seven are there: pairs 1, 3 and 6 have both, pair 4 has neither.
  private let presence = (
    a: [true, true, false, true, false, false, true], b: [false, true, true, true, false, true, true]
  )
  private let everything = (a: [Bool](repeating: true, count: 7), b: [Bool](repeating: true, count: 7))

  private func loss(
    _ mining: ModelConfiguration.Mining, _ a: Tensor, _ b: Tensor, _ products: [UInt64],
    presence: (a: [Bool], b: [Bool])? = nil, uniform: [Double] = []
  ) -> Tensor {
    TripletLoss(margin: margin, mining: mining, same: same(products))(a, b, presence: presence, uniform: uniform[...])
  }

  /// Both directions by loops: anchors a against b, then anchors b against a.
  private func bruteForce(
    _ a: [[Double]], _ b: [[Double]], _ products: [UInt64], hardest: Bool, presence: (a: [Bool], b: [Bool])
  ) -> Double {
    var total = 0.0
    for (anchors, others, own, other) in [(a, b, presence.a, presence.b), (b, a, presence.b, presence.a)] {
      var sum = 0.0
      var (count, anchorCount) = (0, 0)
      for r in a.indices where own[r] && other[r] {
        let hinges = a.indices.filter { products[$0] != products[r] && other[$0] }
          .map { max(0, margin + dot(anchors[r], others[$0]) - dot(anchors[r], others[r])) }
        if hardest { sum += hinges.max() ?? 0 } else { sum += hinges.reduce(0, +) }
        count += hinges.count { $0 > 0 }
        anchorCount += 1
      }
      total += sum / Double(max(1, hardest ? anchorCount : count))
    }
    return total
  }

  @Test(arguments: [UInt64(1), 2, 3]) func hardestAndViolatingAreTheirDefinitions(seed: UInt64) {
    let (a, b) = (unit(7, seed: seed), unit(7, seed: seed + 10))
    let (ta, tb) = (tensor(a.flatMap { $0 }, [7, width]), tensor(b.flatMap { $0 }, [7, width]))
    for presence in [nil, everything, presence] {
      let hardest = bruteForce(a, b, products, hardest: true, presence: presence ?? everything)
      let violating = bruteForce(a, b, products, hardest: false, presence: presence ?? everything)
      #expect(hardest > 0 && violating > 0)
      #expect(abs(loss(.hardest, ta, tb, products, presence: presence).item() - hardest) < 1e-12)
      #expect(abs(loss(.violating, ta, tb, products, presence: presence).item() - violating) < 1e-12)
    }
  }

  @Test(arguments: [false, true]) func distanceTakesTheNegativeThatItsUniformNumberNames(someAreMissing: Bool) {
    let presence = someAreMissing ? presence : everything
    let anchorCount = someAreMissing ? 3.0 : 7
    let (a, b) = (unit(7, seed: 4), unit(7, seed: 14))
    var stream = RandomStream(seed: 9, "uniform")
    let uniform = (0..<14).map { _ in stream.uniform() }
    var expected = 0.0
    let directions = [(a, b, presence.a, presence.b), (b, a, presence.b, presence.a)]
    for (direction, (anchors, others, own, other)) in directions.enumerated() {
      for r in 0..<7 where own[r] && other[r] {
        let weights = (0..<7).map { c -> Double in
          let d = max((2 - 2 * dot(anchors[r], others[c])).squareRoot(), 0.5)
          guard products[c] != products[r], other[c], d < 1.7 else { return 0 }
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
        expected += max(0, margin + dot(anchors[r], others[pick]) - dot(anchors[r], others[r])) / anchorCount
      }
    }
    let value = loss(
      .distance, tensor(a.flatMap { $0 }, [7, width]), tensor(b.flatMap { $0 }, [7, width]), products,
      presence: someAreMissing ? presence : nil, uniform: uniform)
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
  func withoutAPairThatHasBothThereIsNoLoss(mining: ModelConfiguration.Mining) {
    let (x, y) = (randomTensor([7, width], seed: 2), randomTensor([7, width], seed: 3))
    x.collectGradient(in: .zeros([7, width], dtype: .float64, backend: cpu))
    let value = loss(
      mining, x, y, products, presence: (presence.a, presence.a.map { !$0 }),
      uniform: [Double](repeating: 0.5, count: 14))
    #expect(value.item() == 0)
    value.backward()
    #expect(x.gradient!.doubles().allSatisfy { $0 == 0 })
  }

  /// Bit for bit.
  @Test(arguments: [ModelConfiguration.Mining.hardest, .violating, .distance])
  func presenceOfAllChangesNothing(mining: ModelConfiguration.Mining) {
    let (x, y) = (randomTensor([7, width], seed: 2).unitRows(), randomTensor([7, width], seed: 3).unitRows())
    let values = [nil, everything].map {
      loss(mining, x, y, products, presence: $0, uniform: [Double](repeating: 0.5, count: 14)).item()
    }
    #expect(values[0] == values[1] && values[0] > 0)
  }

  @Test(arguments: [ModelConfiguration.Mining.hardest, .violating, .distance], [false, true])
  func gradientsAreThoseOfDifferences(mining: ModelConfiguration.Mining, someAreMissing: Bool) {
    let presence = someAreMissing ? presence : nil
    let other = tensor(unit(7, seed: 6).flatMap { $0 }, [7, width])
    var stream = RandomStream(seed: 3, "uniform")
    let uniform = (0..<14).map { _ in stream.uniform() }
    let values = normals(7 * width, seed: 5)
    #expect(
      gradientError(values, [7, width]) {
        loss(mining, $0.unitRows(), other, products, presence: presence, uniform: uniform)
      } < 1e-7)
    #expect(
      gradientError(values, [7, width]) {
        loss(mining, other, $0.unitRows(), products, presence: presence, uniform: uniform)
      } < 1e-7)
  }
}
