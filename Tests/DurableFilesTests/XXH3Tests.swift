import DurableFiles
import Testing

@Suite struct XXH3Tests {
  /// XXH3_64bits of the empty input is published in xxHash's own tests.
  @Test func knownAnswers() {
    #expect(XXH3.hash([]) == 0x2D06_8005_38D3_94C2)
    #expect(XXH3.hash("") == 0x2D06_8005_38D3_94C2)
    #expect(XXH3.hash([1]) != XXH3.hash([1], seed: 1))
  }

  @Test func aStreamEqualsTheWholeHoweverItIsCut() {
    let bytes = (0..<3000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
    for seed in [0, 9] as [UInt64] {
      for piece in [1, 13, 240, 256, 1024, 3000] {
        let hasher = XXH3.Hasher(seed: seed)
        for start in stride(from: 0, to: bytes.count, by: piece) {
          hasher.update(Array(bytes[start..<min(start + piece, bytes.count)]))
        }
        #expect(hasher.digest == XXH3.hash(bytes, seed: seed))
      }
    }
  }
}
