import ShardFormat

/// What one thread has counted; adding parts up gives the same whole in any order.
struct StatisticsPart: Sendable {
  struct Tag: Sendable {
    var sampleCount = 0
    var values: [String: Int] = [:]
    /// Whether there were too many values to keep.
    var isOpen = false

    mutating func add(_ value: String, _ count: Int) {
      guard !isOpen else { return }
      values[value, default: 0] += count
      if values.count > SetStatistics.tagValueLimit { (values, isOpen) = ([:], true) }
    }
  }

  struct LiveProduct: Sendable, Equatable {
    var live: UInt64
    var product: UInt64
  }

  var categories: [String: Int] = [:]
  var tags: [String: Tag] = [:]
  var clipFrames: [UInt32] = []
  var sourceFrames: [UInt32] = []
  var clipProducts: [UInt64] = []
  var liveProducts: [LiveProduct] = []
  var titleLengths: [UInt32] = []
  var speechLengths: [UInt32] = []
  var titleTokens: [UInt32] = []
  var speechTokens: [UInt32] = []
  var sampleBytes: [UInt32] = []

  /// - Parameter tokens: how many its texts have, where the set has features of them.
  mutating func add(
    _ summary: SampleSummary, tokens: (title: Int?, asr: Int?) = (nil, nil), _ number: Int, of set: ShardSet
  ) {
    if !summary.categoryID.isEmpty { categories[summary.categoryID, default: 0] += 1 }
    for (name, value) in summary.tags {
      tags[name, default: Tag()].sampleCount += 1
      tags[name, default: Tag()].add(value, 1)
    }
    if summary.frameCount > 0 {
      clipFrames.append(UInt32(summary.frameCount))
      clipProducts.append(summary.productKey)
      if set.configuration.maximumFrameCount > 1, let last = summary.frameIndices.last {
        sourceFrames.append(UInt32(last) + 1)
      }
    }
    if !summary.liveID.isEmpty {
      liveProducts.append(LiveProduct(live: summary.liveKey, product: summary.productKey))
    }
    if !summary.title.isEmpty { titleLengths.append(UInt32(summary.title.unicodeScalars.count)) }
    if !summary.asr.isEmpty { speechLengths.append(UInt32(summary.asr.unicodeScalars.count)) }
    titleTokens += tokens.title.map { [UInt32($0)] } ?? []
    speechTokens += tokens.asr.map { [UInt32($0)] } ?? []
    sampleBytes.append(UInt32(clamping: set.storedByteCount(of: number).sample))
  }

  mutating func merge(_ other: StatisticsPart) {
    categories.merge(other.categories, uniquingKeysWith: +)
    for (name, tag) in other.tags {
      var sum = tags[name] ?? Tag()
      sum.sampleCount += tag.sampleCount
      if tag.isOpen { (sum.values, sum.isOpen) = ([:], true) }
      for (value, count) in tag.values { sum.add(value, count) }
      tags[name] = sum
    }
    clipFrames += other.clipFrames
    sourceFrames += other.sourceFrames
    clipProducts += other.clipProducts
    liveProducts += other.liveProducts
    titleLengths += other.titleLengths
    speechLengths += other.speechLengths
    titleTokens += other.titleTokens
    speechTokens += other.speechTokens
    sampleBytes += other.sampleBytes
  }
}
