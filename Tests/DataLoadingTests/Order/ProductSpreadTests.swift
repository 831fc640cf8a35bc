import Faults
import Randomness
import Testing

@testable import DataLoading

@Suite struct ProductSpreadTests {
  /// Samples 0, 2, 4 … of which product p has 1 + p² mod `most` clips, mixed.
  private func products(_ count: Int, most: Int) -> [UInt64] {
    var products = (0..<count).flatMap { [UInt64](repeating: UInt64($0), count: 1 + $0 * $0 % most) }
    var stream = RandomStream(seed: 1, "mix")
    products.shuffle(using: &stream)
    return products
  }

  private func spread(_ products: [UInt64], _ pairs: Int, seed: UInt64 = 4) throws -> ProductSpread {
    try ProductSpread(
      samples: products.indices.map { Int32(2 * $0) }, pairsPerStep: pairs, seed: seed, place: "set"
    ) { products[$0 / 2] }
  }

  @Test(arguments: [(40, 6, 1), (40, 6, 7), (97, 8, 16), (300, 13, 64), (64, 1, 9)])
  func noBatchHasAProductTwiceAndNoSampleComesTwice(count: Int, most: Int, pairs: Int) throws {
    let products = products(count, most: most)
    let spread = try spread(products, pairs)
    for epoch in 0..<4 {
      let order = spread.order(ofEpoch: epoch)
      #expect(order.count == products.count / pairs * pairs)
      #expect(Set(order).count == order.count)
      #expect(order.allSatisfy { $0 % 2 == 0 && $0 / 2 < products.count })
      for start in stride(from: 0, to: order.count, by: pairs) {
        #expect(Set(order[start..<(start + pairs)].map { products[Int($0) / 2] }).count == pairs)
      }
    }
  }

  @Test func itIsAFunctionOfSeedAndEpoch() throws {
    let products = products(100, most: 5)
    let (one, again) = (try spread(products, 8), try spread(products, 8))
    let first = one.order(ofEpoch: 0)
    #expect(first == again.order(ofEpoch: 0))
    for epoch in 1..<5 { #expect(one.order(ofEpoch: epoch) != first) }
    #expect(one.order(ofEpoch: 0) == first)  // made again
    #expect(try spread(products, 8, seed: 5).order(ofEpoch: 0) != first)
  }

  /// A sample that a batch does not keep in one epoch comes in another, and comes early and late.
  @Test func everySampleGetsItsTurn() throws {
    let products = products(30, most: 4)
    let spread = try spread(products, 7)
    var places = [Int: [Int]]()
    for epoch in 0..<60 {
      let order = spread.order(ofEpoch: epoch)
      for (place, sample) in order.enumerated() { places[Int(sample), default: []].append(place) }
    }
    #expect(places.count == products.count)
    for seen in places.values {
      let mean = Double(seen.reduce(0, +)) / Double(seen.count)
      #expect(abs(mean / Double(products.count / 7 * 7) - 0.5) < 0.2)
    }
  }

  @Test func aProductWithTooManyClipsIsRefusedWithTheNumbersThatWouldDo() throws {
    let products = [UInt64](repeating: 9, count: 11) + (0..<89).map { UInt64(100 + $0) }
    let fault = try #require(throws: Fault.self) { _ = try spread(products, 10) }
    #expect(fault.code == .configuration)
    #expect(fault.what.contains("sample 0 has 11 clips") && fault.what.contains("10 batches of 10 pairs"))
    #expect(fault.remedy?.contains("data.global_batch to 9 or less") == true)
    #expect(throws: Never.self) { _ = try spread(products, 9) }
  }
}
