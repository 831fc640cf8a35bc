import Randomness
import Testing

@testable import GradientAveraging

@Suite struct BucketCompletionTests {
  private let buckets = GradientBuckets(elementCount: 64 * 10, byteCount: 256)  // 10 buckets of 64

  @Test func bucketsThatNothingReachesMayGoAtOnce() {
    var completion = BucketCompletion(buckets)
    completion.expect([])
    #expect(completion.readyCount == 10)
    completion.expect([0..<10])
    #expect(completion.readyCount == 9)
    completion.expect([600..<640])
    #expect(completion.readyCount == 0)
    completion.complete(600..<640)
    #expect(completion.readyCount == 10)
  }

  @Test func viewsThatShareABucketAreAllWaitedFor() {
    var completion = BucketCompletion(buckets)
    completion.expect([100..<640, 100..<640, 500..<640, 630..<631])
    completion.complete(100..<640)
    completion.complete(630..<631)
    #expect(completion.readyCount == 0)
    completion.complete(500..<640)
    #expect(completion.readyCount == 0)  // the second view of the same elements
    completion.complete(100..<640)
    #expect(completion.readyCount == 10)
  }

  /// Against the definition, for random views that are completed in a random order.
  @Test func aBucketGoesWhenItAndAllBeforeItAreWhole() {
    var random = RandomStream(seed: 11, "completion")
    for _ in 0..<100 {
      let views = (0..<(1 + random.next() % 12)).map { _ in
        let ends = [Int(random.next() % 641), Int(random.next() % 641)].sorted()
        return ends[0]..<ends[1]
      }
      var completion = BucketCompletion(buckets)
      completion.expect(views)
      var open = views.shuffled(using: &random)
      while true {
        let whole = (0..<10).prefix { place in !open.contains { $0.overlaps(buckets[buckets.sent(place)]) } }
        #expect(completion.readyCount == whole.count)
        guard let next = open.popLast() else { break }
        completion.complete(next)
      }
    }
  }
}
