import Testing

@testable import Collectives

@Suite struct AbandonedSegmentsTests {
  @Test func namesOfMappedSegmentsAreRead() {
    let maps = """
      7f0000000000-7f0000400000 rw-s 00000000 00:1a 42                         /dev/shm/vader_segment.node.0.1a2b0001.0
      7f0000400000-7f0000800000 rw-p 00000000 00:00 0                          [heap]
      7f0000800000-7f0000c00000 r-xp 00000000 08:01 7                          /usr/lib/libmpi.so.40

      """
    #expect(AbandonedSegments.names(inMaps: maps) == ["vader_segment.node.0.1a2b0001.0"])
  }
}
