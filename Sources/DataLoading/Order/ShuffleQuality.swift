/// How well an order mixes, in numbers; `quality` is the one to quote.
///
/// A sample's neighbours are those fewer than `block` places away from it in the set: what was filmed in one live
/// stream lies there. For N samples in batches of G:
///
/// - `neighbourShare` is the share of all pairs of samples of one batch that are neighbours, over all full batches of
///   an epoch; `randomNeighbourShare` is what a random order has on average, (B − 1)(2N − B) / (N(N − 1)) with
///   B = min(block, N).
/// - `independence` = 1 / (1 + (G − 1) · max(0, neighbourShare − randomNeighbourShare)) is the share of a batch that
///   would be left if neighbours were copies of each other, against a random order's 1.
/// - `travel` is the mean distance between the places of a sample in two epochs, over the N/3 − 1/(3N) of two random
///   orders; 0 where every epoch is alike.
/// - `seeksPerSample` is how many reads of a sample do not begin where the last one ended, if the samples of a window
///   are read in the order of the set; 1 where every sample is sought.
/// - `quality` = independence · min(1, travel): 1 for a random order, 0 for none.
public struct ShuffleQuality: Sendable, Equatable {
  public var count: Int
  public var batch: Int
  public var block: Int
  public var neighbourShare: Double
  public var randomNeighbourShare: Double
  public var travel: Double
  public var seeksPerSample: Double

  /// How many times as many neighbours as in a random order; 1 is as random.
  public var neighbourRatio: Double { randomNeighbourShare > 0 ? neighbourShare / randomNeighbourShare : 1 }

  public var independence: Double {
    1 / (1 + Double(batch - 1) * max(0, neighbourShare - randomNeighbourShare))
  }

  public var quality: Double { independence * min(1, travel) }

  /// Measures the order of epoch 0 of a schedule, and its distance from epoch 1. Linear in the samples of the set:
  /// seconds for millions.
  public static func measure(_ schedule: BatchSchedule) -> ShuffleQuality {
    let (first, second) = (schedule.order(ofEpoch: 0), schedule.order(ofEpoch: 1))
    // Where a sample stands among the trainable ones: what has no frames is no neighbour.
    var positions = [Int32](repeating: 0, count: Int(schedule.trainableSamples.last ?? -1) + 1)
    for (position, sample) in schedule.trainableSamples.enumerated() { positions[Int(sample)] = Int32(position) }
    var windows: [Range<Int>] = []
    if schedule.hasWindows {
      let order = schedule.sampleOrder(ofEpoch: 0)
      windows = (0..<order.windowCount).map(order.places(ofWindow:))
    }
    return measure(
      count: schedule.trainableSamples.count, placeCount: first.count, batch: schedule.pairsPerStep,
      block: schedule.shuffleBlock, windows: windows, first: { Int(positions[first[$0]]) },
      second: { Int(positions[second[$0]]) })
  }

  /// Measures an order.
  ///
  /// - Parameters:
  ///   - count: samples of the set.
  ///   - placeCount: places of an epoch; samples may be left out.
  ///   - windows: the places that are read together; what is in none is read sample by sample.
  ///   - first: the sample, 0 ..< count, of every place of an epoch.
  ///   - second: that of another epoch.
  public static func measure(
    count: Int, placeCount: Int, batch: Int, block: Int, windows: [Range<Int>], first: (Int) -> Int,
    second: (Int) -> Int
  ) -> ShuffleQuality {
    precondition(batch >= 1 && block >= 1 && placeCount <= count && count <= Int32.max)
    let order = (0..<placeCount).map { Int32(first($0)) }
    let (n, b) = (Double(count), Double(min(block, count)))
    return ShuffleQuality(
      count: count, batch: batch, block: block, neighbourShare: neighbourShare(order, batch, block),
      randomNeighbourShare: count > 1 ? (b - 1) * (2 * n - b) / (n * (n - 1)) : 0,
      travel: travel(order, count, second), seeksPerSample: seeks(order, windows))
  }

  private static func neighbourShare(_ order: [Int32], _ batch: Int, _ block: Int) -> Double {
    var (neighbours, pairs) = (0, 0)
    for start in stride(from: 0, through: order.count - batch, by: batch) {
      let samples = order[start..<(start + batch)].sorted()
      var tail = 0
      for head in samples.indices {
        while Int(samples[head] - samples[tail]) >= block { tail += 1 }
        neighbours += head - tail
      }
      pairs += batch * (batch - 1) / 2
    }
    return pairs > 0 ? Double(neighbours) / Double(pairs) : 0
  }

  private static func travel(_ order: [Int32], _ count: Int, _ second: (Int) -> Int) -> Double {
    var places = [Int32](repeating: -1, count: count)
    for (place, sample) in order.enumerated() { places[Int(sample)] = Int32(place) }
    var (sum, met) = (0.0, 0)
    for place in order.indices {
      let other = places[second(place)]
      guard other >= 0 else { continue }
      sum += Double(abs(place - Int(other)))
      met += 1
    }
    let expected = (Double(count) - 1 / Double(max(1, count))) / 3
    return met > 0 && expected > 0 ? sum / Double(met) / expected : 0
  }

  private static func seeks(_ order: [Int32], _ windows: [Range<Int>]) -> Double {
    guard !order.isEmpty else { return 0 }
    var (seeks, read) = (0, 0)
    for window in windows {
      let samples = order[window.clamped(to: order.indices)].sorted()
      seeks += samples.indices.count { $0 == 0 || samples[$0] != samples[$0 - 1] + 1 }
      read += samples.count
    }
    return Double(seeks + order.count - read) / Double(order.count)
  }
}
