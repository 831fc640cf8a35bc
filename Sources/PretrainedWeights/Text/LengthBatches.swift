/// Which texts are encoded together.
enum LengthBatches {
  /// The places of `lengths` in batches of similar lengths: as many in each as have at most `tokenCount` tokens when all
  /// are as long as the longest, and at least one.
  static func batches(of lengths: [Int], tokenCount: Int) -> [[Int]] {
    var batches: [[Int]] = []
    var longest = 0
    for place in lengths.indices.sorted(by: { (lengths[$0], $1) > (lengths[$1], $0) }) {
      if let last = batches.last, (last.count + 1) * longest <= tokenCount {
        batches[batches.count - 1].append(place)
      } else {
        batches.append([place])
        longest = lengths[place]
      }
    }
    return batches
  }
}
