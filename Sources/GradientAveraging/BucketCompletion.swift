/// Which buckets have all their gradients, while a backward pass goes on.
///
/// A bucket may go when it is whole and all that are sent before it are, so that every rank sends in one order.
struct BucketCompletion {
  let buckets: GradientBuckets
  /// How many gradients that touch a bucket are still to come.
  private var missingCounts: [Int]
  /// How many buckets may go, in the order of sending.
  private(set) var readyCount = 0

  init(_ buckets: GradientBuckets) {
    self.buckets = buckets
    missingCounts = Array(repeating: 0, count: buckets.count)
  }

  /// A pass begins that will complete the gradients of these ranges, which may overlap; nothing is added to any other.
  mutating func expect(_ ranges: [Range<Int>]) {
    for index in missingCounts.indices { missingCounts[index] = 0 }
    for range in ranges {
      for bucket in buckets.holding(range) { missingCounts[bucket] += 1 }
    }
    readyCount = 0
    advance()
  }

  /// One of the ranges is complete.
  mutating func complete(_ range: Range<Int>) {
    for bucket in buckets.holding(range) {
      missingCounts[bucket] -= 1
      precondition(missingCounts[bucket] >= 0, "a gradient in bucket \(bucket) was completed but not expected")
    }
    advance()
  }

  private mutating func advance() {
    while readyCount < buckets.count, missingCounts[buckets.sent(readyCount)] == 0 { readyCount += 1 }
  }
}
