import Randomness

/// A pseudo-random permutation of 0 ..< count, computed number by number without a table.
///
/// A Feistel network permutes the smallest power of two that is not below `count`: its two halves take turns in
/// being changed by a keyed function of the other, which can always be undone. A number that lands outside 0 ..< count
/// is sent through again until it lands inside (cycle walking), fewer than two times on average.
struct KeyedPermutation: Sendable {
  let count: Int
  private let key: UInt64
  private let leftBits: UInt64
  private let rightBits: UInt64
  private static let roundCount: UInt32 = 8

  init(count: Int, key: UInt64) {
    precondition(count >= 0, "a permutation of \(count) numbers")
    self.count = count
    self.key = key
    let bits = UInt64(max(1, count < 2 ? 1 : Int.bitWidth - (count - 1).leadingZeroBitCount))
    leftBits = bits / 2
    rightBits = bits - bits / 2
  }

  /// Where `position` goes.
  subscript(position: Int) -> Int {
    precondition(position >= 0 && position < count, "number \(position) of \(count)")
    var value = UInt64(position)
    repeat { value = permuted(value) } while value >= UInt64(count)
    return Int(value)
  }

  private func permuted(_ value: UInt64) -> UInt64 {
    let leftMask = (1 << leftBits) - 1 as UInt64
    let rightMask = (1 << rightBits) - 1 as UInt64
    var left = value >> rightBits
    var right = value & rightMask
    for round in 0..<KeyedPermutation.roundCount {
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
