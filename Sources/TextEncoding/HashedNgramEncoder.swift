import Randomness

/// Texts by the character n-grams they share, without a vocabulary and without training: equal on every machine.
///
///     v = Σ_b sign(c_b) · √|c_b| · r_b,   encode = v / |v|
///
/// c_b sums the signed weights of the n-grams that fall into bucket b of 2¹⁸; r_b ∈ {−1, 1}⁵¹² is the bucket's fixed
/// random row, drawn by Philox where it is needed and stored nowhere. Two texts' dot product then estimates the cosine
/// of their damped n-gram counts, with a standard error of about 1/√512 = 0.044.
///
/// A word of an alphabet gives its n-grams of 1 to 4 characters with its two boundaries as characters of it
/// (`<red>`: `<r`, `red>` …); each Chinese, Japanese or Korean character is a unit, in n-grams of 1 to 3. Weights grow
/// with n: one Latin letter says little, one Chinese character as much as a syllable.
public struct HashedNgramEncoder: TextEncoder {
  public let name = "hashed-ngrams"
  public let width = 512

  public init() {}

  static let bucketBits = 18
  /// The key of all rows. Another value is another encoder: change the name with it.
  private static let rowKey: UInt64 = 0x5347_4D4E_7465_7874
  private static let wordWeights: [Float] = [0.25, 0.5, 0.75, 1]
  private static let characterWeights: [Float] = [0.75, 1, 1]

  public func encode(_ text: String) -> [Float] {
    var counts: [UInt32: Float] = [:]
    for run in TextUnits.runs(of: text) {
      switch run {
      case .word(let scalars):
        Self.count([Unicode.Scalar(2)] + scalars + [Unicode.Scalar(3)], Self.wordWeights, into: &counts)
      case .characters(let scalars):
        Self.count(scalars, Self.characterWeights, into: &counts)
      }
    }
    var sum = [Float](repeating: 0, count: width)
    // In the order of the buckets: a dictionary's order differs between runs, and a sum of floats by its order.
    for (bucket, count) in counts.sorted(by: { $0.key < $1.key }) where count != 0 {
      Self.add(count < 0 ? -(-count).squareRoot() : count.squareRoot(), timesRow: bucket, to: &sum)
    }
    let norm = sum.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return norm > 0 ? sum.map { $0 / norm } : sum
  }

  /// Adds the weights of all n-grams of `units`, n ≤ weights.count, to their buckets' signed counts.
  private static func count(_ units: [Unicode.Scalar], _ weights: [Float], into counts: inout [UInt32: Float]) {
    for start in units.indices {
      var hash: UInt64 = 0xCBF2_9CE4_8422_2325
      for length in 1...weights.count where start + length <= units.count {
        hash = (hash ^ UInt64(units[start + length - 1].value)) &* 0x0000_0100_0000_01B3
        if length == 1, units[start].value < 4 { continue }  // a boundary alone says nothing
        let mixed = mix(hash &+ UInt64(length))
        let bucket = UInt32(truncatingIfNeeded: mixed & (1 << UInt64(bucketBits) - 1))
        counts[bucket, default: 0] += mixed >> 63 == 0 ? weights[length - 1] : -weights[length - 1]
      }
    }
  }

  /// The finalizer of SplitMix64: every bit of the input reaches every bit of the bucket and the sign.
  private static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// `sum += scale · r_bucket`: 512 signs are four blocks of 128 bits.
  private static func add(_ scale: Float, timesRow bucket: UInt32, to sum: inout [Float]) {
    sum.withUnsafeMutableBufferPointer { sum in
      for block in 0..<4 {
        let words = Philox.block(key: rowKey, counter: SIMD4(UInt32(block), bucket, 0, 0))
        for word in 0..<4 {
          var bits = words[word]
          let start = 128 * block + 32 * word
          for bit in 0..<32 {
            sum[start + bit] += Float(bitPattern: scale.bitPattern ^ (bits & 1) << 31)
            bits >>= 1
          }
        }
      }
    }
  }
}
