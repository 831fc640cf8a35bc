import ShardFormat

/// Which shards a rank has fetched ahead, for a storage that fetches whole ones: those of the window under way, then
/// those of the next, as many as the storage keeps. The ranks of a machine share them.
struct ShardAheadPlan {
  private let set: ShardSet
  private let schedule: BatchSchedule
  private let capacity: Int
  private let localRank: Int
  private let localRankCount: Int
  private var named: (epoch: Int, window: Int)?

  init(_ set: ShardSet, _ schedule: BatchSchedule, capacity: Int, localRank: Int, localRankCount: Int) {
    (self.set, self.schedule, self.capacity) = (set, schedule, capacity)
    (self.localRank, self.localRankCount) = (localRank, localRankCount)
  }

  /// The numbers of the shards to name when a step begins; nil where nothing has changed.
  mutating func shards(atStep step: Int) -> [Int]? {
    guard schedule.hasWindows else {
      if named != nil { return nil }
      named = (0, 0)
      return share(Array(set.index.shards.indices.prefix(capacity)))
    }
    let epoch = schedule.epoch(ofStep: step)
    let order = schedule.sampleOrder(ofEpoch: epoch)
    let window = order.window(ofPlace: schedule.places(ofStep: step).lowerBound)
    if let named, named == (epoch, window) { return nil }
    named = (epoch, window)
    let next =
      window + 1 < order.windowCount
      ? schedule.shards(ofWindow: window + 1, order, in: set)
      : schedule.shards(ofWindow: 0, schedule.sampleOrder(ofEpoch: epoch + 1), in: set)
    let current = schedule.shards(ofWindow: window, order, in: set)
    let known = Set(current)
    return share(Array((current + next.filter { !known.contains($0) }).prefix(capacity)))
  }

  private func share(_ shards: [Int]) -> [Int] {
    stride(from: localRank, to: shards.count, by: localRankCount).map { shards[$0] }
  }
}

extension BatchSchedule {
  /// The numbers of the shards that hold the samples of a window, ascending.
  func shards(ofWindow window: Int, _ order: SampleOrder, in set: ShardSet) -> [Int] {
    var shards: [Int] = []
    for stretch in order.stretches(ofWindow: window) {
      let first = set.shardNumber(of: Int(trainableSamples[stretch.lowerBound]))
      let last = set.shardNumber(of: Int(trainableSamples[stretch.upperBound - 1]))
      // Stretches ascend, so a shard that is known already is the last.
      for shard in first...last where shard > shards.last ?? -1 { shards.append(shard) }
    }
    return shards
  }

  /// How many shards the samples of one window lie in, at most, in the first epoch: a storage that fetches whole shards
  /// and keeps fewer fetches them again and again.
  public func shardsAtOnce(in set: ShardSet) -> Int {
    guard hasWindows else { return set.index.shards.count { $0.sampleCount > 0 } }
    let order = sampleOrder(ofEpoch: 0)
    return (0..<order.windowCount).reduce(0) { max($0, shards(ofWindow: $1, order, in: set).count) }
  }
}
