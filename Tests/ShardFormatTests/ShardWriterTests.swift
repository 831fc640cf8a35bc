import DurableFiles
import Faults
import Foundation
import ShardFormat
import Testing

@Suite struct ShardWriterTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func contents(_ folder: String) throws -> [String: [UInt8]] {
    var files: [String: [UInt8]] = [:]
    for name in try DurableFile.names(in: folder) {
      files[name] = try FileReader.contents(of: "\(folder)/\(name)", limit: .max)
    }
    return files
  }

  @Test func bytesDoNotDependOnThreads() async throws {
    let alone = folder.path + "/alone"
    let together = folder.path + "/together"
    let index = try SampleFixtures.build(alone, count: 40)
    let encoded = try await withThrowingTaskGroup(of: (Int, EncodedSample).self) { group in
      for number in 0..<40 {
        group.addTask {
          (number, try ShardWriter.encode(SampleFixtures.sample(number), configuration: SampleFixtures.configuration))
        }
      }
      return try await group.reduce(into: [Int: EncodedSample]()) { $0[$1.0] = $1.1 }
    }
    let writer = try ShardWriter(folder: together, configuration: SampleFixtures.configuration)
    for number in 0..<40 { try writer.append(encoded: #require(encoded[number])) }
    #expect(try writer.finish() == index)
    #expect(try contents(alone) == contents(together))
  }

  @Test func shardsHaveTheirNumberOfSamples() throws {
    let index = try SampleFixtures.build(folder.path, count: 40)
    #expect(index.sampleCount == 40)
    #expect(index.shards.map(\.sampleCount) == [9, 9, 9, 9, 4])
    #expect(try DurableFile.names(in: folder.path).allSatisfy { $0.hasSuffix(".sgmn") })  // no lock, no leftovers
  }

  @Test func aFolderWithASetIsRefused() throws {
    try SampleFixtures.build(folder.path, count: 1)
    let before = try contents(folder.path)
    let fault = try #require(throws: Fault.self) {
      try ShardWriter(folder: folder.path, configuration: SampleFixtures.configuration)
    }
    #expect(fault.code == .outputUnavailable)
    #expect(try contents(folder.path) == before)
  }

  @Test func twoWritersCannotShareAFolder() throws {
    let writer = try ShardWriter(folder: folder.path, configuration: SampleFixtures.configuration)
    let fault = try #require(throws: Fault.self) {
      try ShardWriter(folder: folder.path, configuration: SampleFixtures.configuration)
    }
    #expect(fault.code == .outputUnavailable)
    try writer.finish()
  }

  @Test func leftoversOfAnUnfinishedBuildGo() throws {
    try SampleFixtures.build(folder.path, count: 40)
    try DurableFile.remove(folder.path + "/index.sgmn")
    let index = try SampleFixtures.build(folder.path, count: 3)
    #expect(try DurableFile.names(in: folder.path).count == index.shards.count + 1)
  }

  @Test func samplesThatDoNotFitTheConfigurationAreRefused() throws {
    let good = SampleFixtures.sample(1)
    let changes: [(inout Sample) -> Void] = [
      { $0.image.removeLast() }, { $0.frames.append(0) }, { $0.frameIndices.append(100) },
      { $0.frameIndices[0] = -1 }, { $0.titleEmbedding.append(1) }, { $0.titleEmbedding[0] = .nan },
      { $0.asrEmbedding = [1e9, 0, 0, 0] }, { $0.clipID = String(repeating: "x", count: 1025) },
      { $0.tags = [String(repeating: "k", count: 65): ""] },
      { $0.tags = Dictionary(uniqueKeysWithValues: (0..<65).map { ("\($0)", "") }) },
      { $0.rightImageIDs = [String](repeating: "", count: 4097) },
    ]
    for change in changes {
      var sample = good
      change(&sample)
      let fault = try #require(throws: Fault.self) {
        try ShardWriter.encode(sample, configuration: SampleFixtures.configuration)
      }
      #expect(fault.code == .badData)
      #expect(fault.place?.contains("clip") == true)
    }
  }

  @Test func wrongConfigurationsAreRefused() throws {
    let changes: [(inout ShardConfiguration) -> Void] = [
      { $0.resolution = 0 }, { $0.resolution = 1025 }, { $0.maximumFrameCount = 0 }, { $0.maximumFrameCount = 513 },
      { $0.compressionLevel = 0 }, { $0.compressionLevel = 20 }, { $0.samplesPerShard = 0 },
      { $0.textWidth = 0 }, { $0.textEncoder = nil }, { $0.textEncoder = "" }, { $0.textWidth = 4097 },
    ]
    for change in changes {
      var configuration = SampleFixtures.configuration
      change(&configuration)
      let fault = try #require(throws: Fault.self) { try configuration.validate() }
      #expect(fault.code == .configuration)
      #expect(throws: Fault.self) { try ShardWriter(folder: folder.path, configuration: configuration) }
    }
  }
}
