import Testing

@testable import GradientAveraging

@Suite struct GradientBucketsTests {
  @Test func bucketsCoverEveryElementOnceInAlignedPieces() {
    for elementCount in [0, 1, 15, 16, 17, 1_000, 1_024, 1_025, 110_700_016] {
      for byteCount in [64, 100, 4_096, 65_537, 1 << 20, 4 << 20] where elementCount / byteCount < 10_000 {
        let buckets = GradientBuckets(elementCount: elementCount, byteCount: byteCount)
        var end = 0
        for bucket in 0..<buckets.count {
          let range = buckets[bucket]
          #expect(range.lowerBound == end && !range.isEmpty)
          #expect(range.lowerBound % 16 == 0)
          #expect(range.count * 4 <= byteCount)
          #expect(bucket == buckets.count - 1 || range.count == buckets.bucketElementCount)
          end = range.upperBound
        }
        #expect(end == elementCount)
        #expect((0..<buckets.count).map(buckets.sent).sorted() == Array(0..<buckets.count))
      }
    }
  }

  @Test func theBucketsOfAParameterAreThoseThatShareAnElementWithIt() {
    let buckets = GradientBuckets(elementCount: 200, byteCount: 128)  // 32 elements each
    for start in 0..<200 {
      for end in start...200 {
        let shared = (0..<buckets.count).filter { buckets[$0].overlaps(start..<end) }
        #expect(Array(buckets.holding(start..<end)) == shared)
      }
    }
  }
}
