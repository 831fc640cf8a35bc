import Randomness
import Testing

@Suite struct PhiloxTests {
  /// The known-answer vectors published with Random123 (kat_vectors, philox4x32 10).
  @Test func knownAnswers() {
    #expect(
      Philox.block(key: 0, counter: SIMD4(0, 0, 0, 0)) == SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
    let ones = UInt32.max
    #expect(
      Philox.block(key: UInt64.max, counter: SIMD4(ones, ones, ones, ones))
        == SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
    #expect(
      Philox.block(
        key: 0x299f_31d0_a409_3822, counter: SIMD4(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344))
        == SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1))
  }

  @Test func aStreamIsAFunctionOfItsName() {
    var a = RandomStream(seed: 3, "order", 1, 2)
    var b = RandomStream(seed: 3, "order", 1, 2)
    var c = RandomStream(seed: 3, "order", 2, 1)
    var d = RandomStream(seed: 4, "order", 1, 2)
    let first = (0..<8).map { _ in a.next() }
    #expect(first == (0..<8).map { _ in b.next() })
    #expect(first != (0..<8).map { _ in c.next() })
    #expect(first != (0..<8).map { _ in d.next() })
  }

  @Test func momentsOfUniformAndNormal() {
    var stream = RandomStream(seed: 11, "moments")
    let n = 20_000
    let u = (0..<n).map { _ in stream.uniform() }
    let z = (0..<n).map { _ in stream.normal() }
    #expect(u.allSatisfy { $0 >= 0 && $0 < 1 })
    #expect(abs(u.reduce(0, +) / Double(n) - 0.5) < 0.01)
    #expect(abs(z.reduce(0, +) / Double(n)) < 0.03)
    #expect(abs(z.map { $0 * $0 }.reduce(0, +) / Double(n) - 1) < 0.05)
  }
}
