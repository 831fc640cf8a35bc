import Collectives
import Faults
import Foundation
import Randomness
import ShardFormat
import Testing

@testable import ShardReports

@Suite struct SetVerificationTests {
  private static let shardCount = 6

  private func made() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try SetFixture.build(folder.path, count: 20 * Self.shardCount, samplesPerShard: 20)
    return folder
  }

  private func verify(
    _ folder: TemporaryFolder, _ depth: ShardVerification.Depth = .full, threadCount: Int = 2
  ) throws -> SetVerification.Report {
    try SetVerification(folder: folder.path, depth: depth, threadCount: threadCount).run(SoloCommunicator())
  }

  private func change(_ path: String, _ body: (inout Data) -> Void) throws {
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    body(&bytes)
    try bytes.write(to: URL(fileURLWithPath: path))
  }

  @Test func aWholeSetHasNoProblems() throws {
    let folder = try made()
    for depth in ShardVerification.Depth.allCases {
      let report = try verify(folder, depth)
      #expect(report.problems.isEmpty)
      #expect(report.shardCount == Self.shardCount)
      #expect(report.sampleCount == 20 * Self.shardCount)
    }
  }

  @Test(arguments: 0..<24) func everyFlipIsFound(_ number: Int) throws {
    let folder = try made()
    var stream = RandomStream(seed: 11, "flip", number)
    let shard = stream.integer(below: Self.shardCount)
    let name = ShardLimits.shardName(shard)
    var offset = 0
    try change("\(folder.path)/\(name)") { bytes in
      offset = stream.integer(below: bytes.count)
      bytes[offset] ^= 1 << stream.integer(below: 8)
    }
    let report = try verify(folder, threadCount: 1 + number % 3)
    #expect(!report.problems.isEmpty, "byte \(offset) of \(name)")
    #expect(report.problems.allSatisfy { $0.contains(name) }, "\(report.problems)")
    #expect(report.shardCount == Self.shardCount)
  }

  @Test func problemsComeInTheOrderOfTheShards() throws {
    let folder = try made()
    for shard in [4, 1, 3] {
      try change("\(folder.path)/\(ShardLimits.shardName(shard))") { $0[$0.count / 3] ^= 4 }
    }
    try Data("stray".utf8).write(to: URL(fileURLWithPath: folder.path + "/shard-00077.sgmn"))
    let problems = try verify(folder, threadCount: 4).problems
    let order = problems.compactMap { problem in
      [1, 3, 4, 77].first { problem.contains(ShardLimits.shardName($0)) }
    }
    #expect(order == order.sorted())
    #expect(Set(order) == [1, 3, 4, 77])
    #expect(problems.first?.contains("sample") == true)
    #expect(problems.first?.contains("byte") == true)
  }

  @Test func quickFindsMissingAndCutShards() throws {
    let folder = try made()
    try FileManager.default.removeItem(atPath: folder.path + "/" + ShardLimits.shardName(2))
    try change(folder.path + "/" + ShardLimits.shardName(5)) { $0.removeLast(7) }
    let problems = try verify(folder, .quick).problems
    #expect(problems.count == 2)
    #expect(problems[0].contains(ShardLimits.shardName(2)))
    #expect(problems[1].contains(ShardLimits.shardName(5)))
  }

  @Test func aDamagedIndexIsTheOnlyProblem() throws {
    let folder = try made()
    try change(folder.path + "/" + ShardLimits.indexName) { $0[$0.count / 2] ^= 1 }
    let report = try verify(folder)
    #expect(report.problems.count == 1)
    #expect(report.problems[0].contains(ShardLimits.indexName))
  }

  @Test func aShardOfManyProblemsIsListedInPart() throws {
    let folder = try TemporaryFolder()
    let limit = SetVerification.problemsPerShardLimit
    try SetFixture.build(folder.path, count: limit + 50, samplesPerShard: limit + 50)
    let set = try ShardSet(folder: folder.path)
    try change(folder.path + "/" + ShardLimits.shardName(0)) { bytes in
      for number in 0..<set.count {
        let location = set.location(of: number)
        bytes[location.offset + location.byteCount / 2] ^= 1
      }
    }
    let report = try verify(folder)
    #expect(report.problems.count == limit + 1)
    #expect(report.problemCount == limit + 50)
  }

  @Test func noSetIsAFault() throws {
    let folder = try TemporaryFolder()
    let agreed = #expect(throws: AgreedFault.self) { try verify(folder) }
    #expect(agreed?.fault.code == .inputMissing)
  }
}
