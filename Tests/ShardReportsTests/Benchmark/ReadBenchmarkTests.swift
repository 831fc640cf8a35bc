import Faults
import ShardFormat
import Testing

@testable import ShardReports

@Suite struct ReadBenchmarkTests {
  @Test(arguments: PixelEncoding.allCases) func allFieldsAreThere(_ encoding: PixelEncoding) throws {
    let folder = try TemporaryFolder()
    try SetFixture.build(folder.path, count: 60, pixelEncoding: encoding)
    let set = try ShardSet(folder: folder.path)
    let clips = (0..<60).filter { set.frameCount(at: $0) > 0 }
    let result = try ReadBenchmark(set, order: clips, threadCount: 2, seconds: 0.02, convertsToRGB: true).run()
    #expect(result.passes.count == 3)
    #expect(result.passLines.count == 4)
    #expect(result.timings.decodeSeconds > 0 && result.timings.storedByteCount > 0)
    #expect(result.sampleCount >= 1 && result.sampleCount <= clips.count)
    #expect(result.best.samplesPerSecond == result.passes.map(\.samplesPerSecond).max())
    #expect(result.bytesPerPair == Double(set.index.byteCount) / Double(clips.count))
    let fields = result.line.split(separator: " ").map { $0.split(separator: "=") }
    #expect(fields.map { $0[0] } == ["pairs_per_s", "rgb_mb_per_s", "bytes_per_pair", "zstd_share"])
    for field in fields { #expect(Double(field[1]).map { $0 > 0 } == true, "\(result.line)") }
  }

  @Test func rgbBytesAreThoseOfThePictures() throws {
    let folder = try TemporaryFolder()
    try SetFixture.build(folder.path, count: 20)
    let set = try ShardSet(folder: folder.path)
    let result = try ReadBenchmark(set, order: [3], threadCount: 1, seconds: 0.01).run()
    #expect(result.rgbBytesPerSample == Double((1 + set.frameCount(at: 3)) * 3 * 64))
  }

  @Test func nothingToReadIsAFault() throws {
    let folder = try TemporaryFolder()
    try SetFixture.build(folder.path, count: 20)
    let set = try ShardSet(folder: folder.path)
    let fault = #expect(throws: Fault.self) {
      try ReadBenchmark(set, order: [], threadCount: 1, seconds: 0.01).run()
    }
    #expect(fault?.code == .inputMissing)
  }
}
