import Collectives
import Foundation
import ShardFormat
import Testing

@testable import ShardReports

@Suite struct IndexBenchmarkTests {
  @Test(arguments: [1, 512, 513, 20_000]) func aSyntheticIndexOpens(_ sampleCount: Int) throws {
    let folder = try TemporaryFolder()
    try SyntheticIndex.write(folder: folder.path, sampleCount: sampleCount)
    let set = try ShardSet(folder: folder.path)
    #expect(set.count == sampleCount)
    #expect(set.frameCount(at: sampleCount - 1) == 10)
    #expect(set.index.shards.count == (sampleCount + 511) / 512)
    let keys = Set((0..<sampleCount).map { set.clipKey(at: $0) })
    #expect(keys.count == sampleCount)
    #expect(throws: (any Error).self) { try set.checkFiles() }  // there are no shards behind it
  }

  @Test func itSaysWhatOpeningCosts() throws {
    let folder = try TemporaryFolder()
    let result = try IndexBenchmark(sampleCount: 200_000, parent: folder.path).run(SoloCommunicator())
    #expect(result.openings.count == 1)
    #expect(result.indexByteCount > 200_000 * 40)
    #expect(result.openings[0].seconds > 0)
    // Its memory is that of the whole process, in which other tests take some and give it back: nothing is expected of it.
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }
}
