import DurableFiles
import Faults
import Foundation
import ShardFormat
import Testing

@Suite struct ShardVerificationTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func change(_ name: String, at offset: Int) throws {
    var bytes = try FileReader.contents(of: "\(folder.path)/\(name)", limit: .max)
    bytes[offset] ^= 0x10
    try DurableFile.write(bytes, to: "\(folder.path)/\(name)")
  }

  @Test func aRightSetIsClean() throws {
    let index = try SampleFixtures.build(folder.path, count: 30)
    var calls = 0
    let report = try ShardVerification.verify(folder: folder.path, progress: { _ in calls += 1 })
    #expect(report.isClean)
    #expect(report.sampleCount == 30)
    #expect(report.shardCount == index.shards.count)
    #expect(report.byteCount == index.byteCount)
    #expect(calls == index.shards.count)
  }

  @Test func allDamageIsListed() throws {
    let index = try SampleFixtures.build(folder.path, count: 40)
    try change("shard-00000.sgmn", at: 70)  // a record
    try change("shard-00001.sgmn", at: index.shards[1].byteCount - 70)  // the table
    try DurableFile.remove(folder.path + "/shard-00002.sgmn")
    try DurableFile.write([1], to: folder.path + "/shard-77777.sgmn")

    let quick = try ShardVerification.verify(folder: folder.path, depth: .quick)
    #expect(quick.problems.map(\.code) == [.badData, .inputMissing, .badData])
    let full = try ShardVerification.verify(folder: folder.path)
    #expect(full.problems.count == 4)
    #expect(full.problems[0].place?.contains("sample 0") == true)
    #expect(full.problems[3].place?.contains("shard-77777") == true)
    #expect(full.shardCount == index.shards.count)
  }

  @Test func samplesAreCountedThroughTheSet() throws {
    let index = try SampleFixtures.build(folder.path, count: 40)
    try change("shard-00001.sgmn", at: 70)
    let report = try ShardVerification.verify(folder: folder.path)
    #expect(report.problems.count == 1)
    #expect(report.problems.first?.place?.contains("sample \(index.shards[0].sampleCount)") == true)
  }

  @Test func aWrongIndexIsAProblemAndAMissingOneAFault() throws {
    try SampleFixtures.build(folder.path, count: 3)
    try change("index.sgmn", at: 20)
    #expect(try ShardVerification.verify(folder: folder.path).problems.count == 1)
    try DurableFile.remove(folder.path + "/index.sgmn")
    let fault = try #require(throws: Fault.self) { _ = try ShardVerification.verify(folder: folder.path) }
    #expect(fault.code == .inputMissing)
  }
}
