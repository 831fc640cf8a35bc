import Randomness
import TensorCore
import Testing

@testable import GradientAveraging

/// Sums in a fixed order against the definition, written as plain as possible.
@Suite struct TreeSumTests {
  private static let backend = CPUBackend()

  /// Numbers of very different sizes: added up in another order they give other bits.
  static func leaves(_ count: Int, length: Int) -> [[Float]] {
    (0..<count).map { leaf in
      var random = RandomStream(seed: 4, "tree", leaf, length)
      return (0..<length).map { Float(random.normal()) * Float(1 << (($0 + 5 * leaf) % 20)) }
    }
  }

  /// ((g₀ + g₁) + (g₂ + g₃)) + …
  static func definition(_ leaves: ArraySlice<[Float]>) -> [Float] {
    guard leaves.count > 1 else { return leaves.first! }
    let middle = leaves.startIndex + leaves.count / 2
    return zip(definition(leaves[..<middle]), definition(leaves[middle...])).map { $0 + $1 }
  }

  static func bits(_ values: [Float]) -> [UInt32] { values.map(\.bitPattern) }

  /// What one rank has after its gradients.
  private static func sumOfRank(_ leaves: ArraySlice<[Float]>, buckets: [Range<Int>]) -> (sum: [Float], arrayCount: Int)
  {
    let sums = PartialSums(on: backend)
    for leaf in leaves.dropLast() { sums.add(Tensor(leaf, shape: [leaf.count], backend: backend)) }
    let last = Tensor(leaves.last!, shape: [leaves.last!.count], backend: backend)
    for bucket in buckets { sums.complete(last, bucket) }
    sums.empty()
    return (last.floats(), sums.arrayCount)
  }

  private static func sumOfParts(_ parts: [[Float]], slack: Int = 0) -> [Float] {
    let (length, stride) = (parts[0].count, parts[0].count + slack)
    var memory = parts.flatMap { $0 + [Float](repeating: .nan, count: slack) }
    var sums = [Float](repeating: .nan, count: length)
    memory.withUnsafeMutableBufferPointer { memory in
      sums.withUnsafeMutableBufferPointer {
        TreeSum.add(
          memory.baseAddress!, stride: stride, partCount: parts.count, length: length, into: $0.baseAddress!)
      }
    }
    return sums
  }

  @Test(arguments: [1, 2, 4, 8, 16], [1, 31, 1_024, 1_025, 3_000]) func partsAreAddedAsTheDefinitionSays(
    count: Int, length: Int
  ) {
    let leaves = Self.leaves(count, length: length)
    #expect(Self.bits(Self.sumOfParts(leaves, slack: 3)) == Self.bits(Self.definition(leaves[...])))
  }

  /// The order matters for these numbers, or the tests would say nothing.
  @Test func anotherOrderGivesOtherBits() {
    let leaves = Self.leaves(8, length: 1_000)
    let inTurn = leaves.dropFirst().reduce(leaves[0]) { zip($0, $1).map { $0 + $1 } }
    #expect(Self.bits(inTurn) != Self.bits(Self.definition(leaves[...])))
  }

  /// Whatever number of ranks shares the leaves, and however the array is cut into buckets, the bits are one and the same.
  @Test(arguments: [1, 2, 4, 8, 16]) func theBitsDoNotDependOnTheNumberOfRanks(leafCount: Int) {
    let length = 500
    let leaves = Self.leaves(leafCount, length: length)
    let expected = Self.bits(Self.definition(leaves[...]))
    for rankCount in [1, 2, 4, 8, 16] where rankCount <= leafCount {
      let perRank = leafCount / rankCount
      let ranks = (0..<rankCount).map {
        Self.sumOfRank(leaves[($0 * perRank)..<(($0 + 1) * perRank)], buckets: [300..<500, 0..<300])
      }
      #expect(Self.bits(Self.sumOfParts(ranks.map(\.sum))) == expected, "\(rankCount) ranks")
      #expect(ranks.allSatisfy { 1 << $0.arrayCount == perRank }, "log₂ \(perRank) arrays")
    }
  }

  @Test func aSecondStepBeginsAnew() {
    let leaves = Self.leaves(8, length: 40)
    let sums = PartialSums(on: Self.backend)
    for part in [leaves[0..<4], leaves[4..<8]] {
      for leaf in part.dropLast() { sums.add(Tensor(leaf, shape: [40], backend: Self.backend)) }
      #expect(sums.count == 3)
      let last = Tensor(part.last!, shape: [40], backend: Self.backend)
      sums.complete(last, 0..<40)
      sums.empty()
      #expect(Self.bits(last.floats()) == Self.bits(Self.definition(part)))
    }
    #expect(sums.arrayCount == 2)
  }
}
