import CVectorKernels
import Randomness
import TensorCore
import Testing

/// Against the same in float64, one number at a time.
@Suite struct WireKernelsTests {
  private func numbers(_ count: Int, _ part: Int) -> [Float] {
    var random = RandomStream(seed: 9, "wire", count, part)
    return (0..<count).map { _ in Float(random.normal()) }
  }

  @Test(arguments: [0, 1, 31, 1_024, 1_025, 5_000]) func roundingTellsItsError(count: Int) {
    let x = numbers(count, 0)
    var coded = [UInt16](repeating: 7, count: count)
    var decoded = [Float](repeating: 7, count: count)
    let error = vk_wire_encode(x, &coded, count)
    let squares = vk_wire_decode(coded, &decoded, count)
    #expect(coded == x.map { BFloat16.bits($0) })
    #expect(decoded == coded.map { BFloat16.float($0) })
    let exactError = zip(x, decoded).reduce(0) { $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1)) }
    #expect(abs(error - exactError) <= 1e-5 * exactError)
    let exactSquares = decoded.reduce(0) { $0 + Double($1) * Double($1) }
    #expect(abs(squares - exactSquares) <= 1e-6 * exactSquares)
  }

  @Test(arguments: [1, 2, 5], [1, 1_000, 1_100, 3_000]) func sumsRunInFloat32InTheOrderOfTheRanks(
    ranks: Int, count: Int
  ) {
    let stride = (count + 31) / 32 * 32
    for own in 0..<ranks {
      var parts = [UInt16](repeating: 0x7FC0, count: ranks * stride)
      var sums = [Float](repeating: 0, count: count)
      let mine = numbers(count, own)
      for rank in 0..<ranks {
        let coded = numbers(count, rank).map { BFloat16.bits($0) }
        if rank != own { parts.replaceSubrange(rank * stride..<rank * stride + count, with: coded) }
        for index in 0..<count { sums[index] += rank == own ? mine[index] : BFloat16.float(coded[index]) }
      }
      var result = [UInt16](repeating: 0, count: count)
      let error = vk_wire_sum(mine, parts, stride, ranks, own, &result, count)
      #expect(result == sums.map { BFloat16.bits($0) })
      let exact = zip(result, sums).reduce(0) {
        let difference = Double(BFloat16.float($1.0)) - Double($1.1)
        return $0 + difference * difference
      }
      #expect(abs(error - exact) <= 1e-5 * exact + 1e-30)
    }
  }

  @Test func whatIsNotFiniteStaysSo() {
    for bad in [Float.nan, .infinity, -.infinity] {
      var coded = [UInt16](repeating: 0, count: 3)
      _ = vk_wire_encode([1, bad, 2], &coded, 3)
      #expect(!BFloat16.float(coded[1]).isFinite)
      var decoded = [Float](repeating: 0, count: 3)
      #expect(!vk_wire_decode(coded, &decoded, 3).isFinite)
    }
  }
}
