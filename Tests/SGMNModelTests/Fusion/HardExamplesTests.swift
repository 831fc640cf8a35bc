import Randomness
import TensorCore
import Testing

@testable import SGMNModel

@Suite struct HardExamplesTests {
  /// Similarities in steps of a quarter, so that many are equal.
  private func problem(_ n: Int, seed: UInt64) -> (similarity: [[Double]], products: [Int]) {
    var stream = RandomStream(seed: seed, "similarity", n)
    let products = (0..<n).map { _ in stream.integer(below: n) }
    return ((0..<n).map { _ in (0..<n).map { _ in Double(stream.integer(below: 9)) / 4 - 1 } }, products)
  }

  private func mine(_ similarity: [[Double]], _ products: [Int], _ k: Int) -> HardExamples {
    let n = products.count
    return HardExamples(
      similarity: tensor(similarity.flatMap { $0 }, [n, n]),
      same: tensor(products.flatMap { a in products.map { a == $0 ? 1 : 0 } }, [n, n]), candidateCount: k)
  }

  @Test(arguments: [(2, 4), (5, 2), (7, 4), (9, 1), (9, 9)]) func areTheMostSimilarOfOtherProducts(n: Int, k: Int) {
    for seed in UInt64(1)...20 {
      let (similarity, products) = problem(n, seed: seed)
      let hard = mine(similarity, products, k)
      let count = min(k, n)
      #expect(hard.candidateCount == count)
      for (direction, score) in [
        (hard.images, { (clip: Int, image: Int) in similarity[clip][image] }),
        (hard.clips, { (image: Int, clip: Int) in similarity[clip][image] }),
      ] {
        for row in 0..<n {
          let others = (0..<n).filter { products[$0] != products[row] }
            .sorted { (score(row, $0), $1) > (score(row, $1), $0) }  // the best, and the first of equals
          let expected = [row] + others.prefix(count - 1)
          let range = (row * count)..<((row + 1) * count)
          let usable = Array(direction.isUsable[range])
          #expect(usable == (0..<count).map { $0 < expected.count })
          #expect(zip(direction.candidates[range], usable).filter(\.1).map(\.0) == expected)
          #expect(direction.candidates[range].allSatisfy { (0..<n).contains($0) })
        }
      }
    }
  }

  @Test func onePairHasNoLookAlikes() {
    let hard = mine([[0.5]], [1], 4)
    #expect(hard.candidateCount == 1)
    #expect(hard.images.candidates == [0] && hard.images.isUsable == [true])
  }

  @Test func equalProductsLeaveNothingUsable() {
    let hard = mine([[1, 0.9, 0.8], [0.9, 1, 0.7], [0.8, 0.7, 1]], [4, 4, 4], 3)
    #expect(hard.images.isUsable == [true, false, false, true, false, false, true, false, false])
  }
}
