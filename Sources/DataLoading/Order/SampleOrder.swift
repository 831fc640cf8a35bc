import Randomness

/// The order of one epoch: a pseudo-random permutation of 0 ..< count, computed place by place without a table, that
/// a disk can follow.
///
/// The samples, turned by a random number of places, are cut into blocks of `block` neighbours. The blocks are
/// permuted, and consecutive permuted blocks form windows of at most `window` samples, all of nearly one size; inside
/// a window the samples are permuted again. What the cut leaves over, fewer samples than a block, is in the last
/// window. So whoever reads a window's blocks ahead reads long stretches, and a batch still mixes what is far apart.
///
/// A set of at most one window, and `window` 0, give one permutation of all samples.
///
/// The order is a function of its arguments alone: any rank finds any place at once, and a resumed run needs no state.
public struct SampleOrder: Sendable {
  public let count: Int
  /// Samples of a block that lie side by side in the set.
  public let block: Int
  /// Windows of the epoch, at least 1.
  public let windowCount: Int
  private let seed: UInt64
  private let epoch: Int
  /// Of all samples where there is one window, else of the whole blocks.
  private let outer: KeyedPermutation
  /// How far the samples are turned before they are cut.
  private let turn: Int
  /// Blocks of the shorter windows; the first `longWindowCount` windows have one more.
  private let windowBlockCount: Int
  private let longWindowCount: Int

  public init(count: Int, block: Int = 8, window: Int = 16_384, seed: UInt64, epoch: Int) {
    precondition(
      count >= 0 && block >= 1 && window >= 0, "\(count) samples in blocks of \(block), windows of \(window)")
    self.count = count
    self.block = block
    self.seed = seed
    self.epoch = epoch
    var stream = RandomStream(seed: seed, "sample order", epoch)
    let key = stream.next()
    guard window > 0, count > max(window, block) else {
      outer = KeyedPermutation(count: count, key: key)
      (turn, windowCount, windowBlockCount, longWindowCount) = (0, 1, 0, 0)
      return
    }
    let blockCount = count / block
    let limit = max(1, window / block)
    outer = KeyedPermutation(count: blockCount, key: key)
    turn = stream.integer(below: count)
    windowCount = (blockCount + limit - 1) / limit
    windowBlockCount = blockCount / windowCount
    longWindowCount = blockCount % windowCount
  }

  /// The sample at a place of the epoch.
  public subscript(place: Int) -> Int {
    precondition(place >= 0 && place < count, "place \(place) of an epoch of \(count) samples")
    if windowCount == 1 && windowBlockCount == 0 { return outer[place] }
    let window = window(ofPlace: place)
    let range = places(ofWindow: window)
    let inner = KeyedPermutation(count: range.count, key: key(ofWindow: window))
    return turned(range.lowerBound + inner[place - range.lowerBound])
  }

  /// The window that a place of the epoch is in.
  public func window(ofPlace place: Int) -> Int {
    precondition(place >= 0 && place < count, "place \(place) of an epoch of \(count) samples")
    guard windowBlockCount > 0 else { return 0 }
    let long = (windowBlockCount + 1) * block
    let window =
      place < longWindowCount * long
      ? place / long : longWindowCount + (place - longWindowCount * long) / (windowBlockCount * block)
    return min(window, windowCount - 1)  // what the cut leaves over belongs to the last
  }

  /// The places of a window.
  public func places(ofWindow window: Int) -> Range<Int> {
    precondition(window >= 0 && window < windowCount, "window \(window) of \(windowCount)")
    return firstPlace(ofWindow: window)..<(window == windowCount - 1 ? count : firstPlace(ofWindow: window + 1))
  }

  /// The samples of a window, as stretches of the set in ascending order, of at most `block` samples each.
  public func stretches(ofWindow window: Int) -> [Range<Int>] {
    let places = places(ofWindow: window)
    guard windowBlockCount > 0 else {
      return stride(from: 0, to: count, by: block).map { $0..<min($0 + block, count) }
    }
    var result: [Range<Int>] = []
    for start in stride(from: places.lowerBound, to: places.upperBound, by: block) {
      let (first, length) = (turned(start), min(block, places.upperBound - start))
      // Turning carries a stretch over the end of the set.
      result.append(first..<min(first + length, count))
      if first + length > count { result.append(0..<(first + length - count)) }
    }
    return result.sorted { $0.lowerBound < $1.lowerBound }
  }

  private func firstPlace(ofWindow window: Int) -> Int {
    (window * windowBlockCount + min(window, longWindowCount)) * block
  }

  /// The sample at a place before the windows are permuted.
  private func turned(_ place: Int) -> Int {
    let start = place / block
    let value = (start < outer.count ? outer[start] * block : start * block) + place % block + turn
    return value < count ? value : value - count
  }

  private func key(ofWindow window: Int) -> UInt64 {
    var stream = RandomStream(seed: seed, "window", epoch, window)
    return stream.next()
  }
}
