/// Philox4x32-10, a counter-based generator (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC '11).
///
/// A block of four words is a pure function of a 64-bit key and a 128-bit counter, so a number depends on what it
/// is for and never on which rank or thread asked first.
public enum Philox {
  /// Four random words of the block `counter` under `key`.
  @inlinable
  public static func block(key: UInt64, counter: SIMD4<UInt32>) -> SIMD4<UInt32> {
    var k0 = UInt32(truncatingIfNeeded: key)
    var k1 = UInt32(truncatingIfNeeded: key >> 32)
    var c = counter
    for _ in 0..<10 {
      let p0 = UInt64(0xD251_1F53) * UInt64(c[0])
      let p1 = UInt64(0xCD9E_8D57) * UInt64(c[2])
      c = SIMD4(
        UInt32(truncatingIfNeeded: p1 >> 32) ^ c[1] ^ k0, UInt32(truncatingIfNeeded: p1),
        UInt32(truncatingIfNeeded: p0 >> 32) ^ c[3] ^ k1, UInt32(truncatingIfNeeded: p0))
      k0 &+= 0x9E37_79B9
      k1 &+= 0xBB67_AE85
    }
    return c
  }
}

/// A stream of random numbers named by what it is for: `RandomStream(seed: 7, "augmentation", epoch, position)`.
///
/// Equal names give equal numbers on every rank, thread and machine; different names give independent streams.
public struct RandomStream: RandomNumberGenerator, Sendable {
  /// The seed.
  public let key: UInt64
  /// What the stream is for, as a number: the upper half of every block's counter.
  public let identity: UInt64
  @usableFromInline var low: UInt64 = 0
  @usableFromInline var buffered: UInt64?

  public init(seed: UInt64, _ purpose: String, _ indices: Int...) {
    self.init(seed: seed, purpose: purpose, indices: indices)
  }

  public init(seed: UInt64, purpose: String, indices: [Int]) {
    key = seed
    var hash = RandomStream.fnv1a(purpose)
    for index in indices {  // each index is mixed by one block, so (1, 2) and (2, 1) differ
      let word = UInt64(bitPattern: Int64(index))
      let mixed = Philox.block(
        key: hash,
        counter: SIMD4(UInt32(truncatingIfNeeded: word), UInt32(truncatingIfNeeded: word >> 32), 0, 0x5347_4D4E))
      hash = UInt64(mixed[0]) | UInt64(mixed[1]) << 32
    }
    identity = hash
  }

  /// 64-bit FNV-1a of a name.
  public static func fnv1a(_ text: String) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    return hash
  }

  @inlinable
  public mutating func next() -> UInt64 {
    if let word = buffered {
      buffered = nil
      return word
    }
    let b = Philox.block(
      key: key,
      counter: SIMD4(
        UInt32(truncatingIfNeeded: low), UInt32(truncatingIfNeeded: low >> 32),
        UInt32(truncatingIfNeeded: identity), UInt32(truncatingIfNeeded: identity >> 32)))
    low &+= 1
    buffered = UInt64(b[2]) | UInt64(b[3]) << 32
    return UInt64(b[0]) | UInt64(b[1]) << 32
  }

  /// A uniform number in [0, 1), a multiple of 2⁻⁵³.
  @inlinable
  public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// A uniform number in [low, high).
  public mutating func uniform(_ low: Double, _ high: Double) -> Double { low + (high - low) * uniform() }

  /// A uniform integer in 0..<bound, without bias (Lemire).
  public mutating func integer(below bound: Int) -> Int {
    precondition(bound > 0, "an integer below \(bound) does not exist")
    return Int(next(upperBound: UInt64(bound)))
  }
}
