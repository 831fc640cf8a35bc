import Randomness

/// The order of one epoch: a pseudo-random permutation of 0 ..< count, computed place by place without a table.
///
/// A Feistel network permutes the smallest power of two that is not below `count`: its two halves take turns in
/// being changed by a keyed function of the other, which can always be undone. A number that lands outside 0 ..< count
/// is sent through again until it lands inside (cycle walking), fewer than two times on average. So the order is a
/// function of (count, seed, epoch) alone: any rank finds any place at once, and a resumed run needs no state.
public struct SampleOrder: Sendable {
  public let count: Int
  private let key: UInt64
  private let leftBits: UInt64
  private let rightBits: UInt64
  private static let roundCount: UInt32 = 8

  public init(count: Int, seed: UInt64, epoch: Int) {
    precondition(count >= 0, "an order of \(count) samples")
    self.count = count
    var stream = RandomStream(seed: seed, "sample order", epoch)
    key = stream.next()
    let bits = UInt64(max(1, count < 2 ? 1 : Int.bitWidth - (count - 1).leadingZeroBitCount))
    leftBits = bits / 2
    rightBits = bits - bits / 2
  }

  /// The sample at a place of the epoch.
  public subscript(position: Int) -> Int {
    precondition(position >= 0 && position < count, "place \(position) of an epoch of \(count) samples")
    var value = UInt64(position)
    repeat { value = permuted(value) } while value >= UInt64(count)
    return Int(value)
  }

  private func permuted(_ value: UInt64) -> UInt64 {
    let leftMask = (1 << leftBits) - 1 as UInt64
    let rightMask = (1 << rightBits) - 1 as UInt64
    var left = value >> rightBits
    var right = value & rightMask
    for round in 0..<SampleOrder.roundCount {
      if round % 2 == 0 {
        right ^= mixed(left, round) & rightMask
      } else {
        left ^= mixed(right, round) & leftMask
      }
    }
    return left << rightBits | right
  }

  private func mixed(_ half: UInt64, _ round: UInt32) -> UInt64 {
    let words = Philox.block(
      key: key,
      counter: SIMD4(UInt32(truncatingIfNeeded: half), UInt32(truncatingIfNeeded: half >> 32), round, 0x4F52_4452))
    return UInt64(words[0]) | UInt64(words[1]) << 32
  }
}
