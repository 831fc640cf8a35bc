import Faults
import Foundation
import ShardFormat
import Testing
import TextEncoding

@testable import ShardBuilding

@Suite struct ShardBuilderTests {
  func builder(_ policy: ShardBuilder.BadSamplePolicy = .fail) throws -> ShardBuilder {
    try ShardBuilder(
      configuration: ShardConfiguration(resolution: 16, maximumFrameCount: 4), textEncoder: HashedNgramEncoder(),
      badSamplePolicy: policy)
  }

  func samples(_ manifest: String) throws -> CatalogSequence {
    let description = SourceDescription(.manifest(path: manifest, allowOutside: false))
    return CatalogSequence(try description.open(threadCount: 2).catalog)
  }

  @Test func `shards do not depend on threads, and hold what the world shows`() throws {
    try withFolder { folder in
      _ = try smallWorld().write(to: folder + "/world", threadCount: 2)
      let manifest = folder + "/world/train.jsonl"
      let report = try builder().build(try samples(manifest), to: folder + "/a", threadCount: 1)
      #expect((report.clipCount, report.pictureCount, report.frameCount) == (6, 0, 24))
      _ = try builder().build(try samples(manifest), to: folder + "/b", threadCount: 4)
      #expect(try contents(of: folder + "/a") == contents(of: folder + "/b"))
      #expect(try ShardVerification.verify(folder: folder + "/a").isClean)
      let sample = try ShardSet(folder: folder + "/a").read(at: 1, using: ShardDecoder())
      #expect(sample.clipID == "train-01-001-2")
      #expect(sample.frameIndices == [0, 1, 3, 5])
      #expect(sample.frames.count == 4 * 3 * 16 * 16 && sample.image.count == 3 * 16 * 16)
      #expect(sample.titleEmbedding.count == 512)
      #expect { try builder().build(try samples(manifest), to: folder + "/a", threadCount: 1) } throws: {
        ($0 as? Fault)?.code == .outputUnavailable
      }
    }
  }

  @Test(arguments: [1, 3])
  func `a damaged clip stops the build by its name, or is left out and listed`(_ threads: Int) throws {
    try withFolder { folder in
      _ = try smallWorld().write(to: folder + "/world", threadCount: 2)
      let manifest = folder + "/world/train.jsonl"
      let clip = folder + "/world/clips/train-01/train-01-002-1.mp4"
      try Data(contentsOf: URL(fileURLWithPath: clip)).prefix(900).write(to: URL(fileURLWithPath: clip))
      try FileManager.default.removeItem(atPath: folder + "/world/clips/train-01/train-01-003-2.mp4")
      #expect {
        try builder().build(try samples(manifest), to: folder + "/a", threadCount: threads)
      } throws: {
        let fault = $0 as? Fault
        return fault?.code == .badData && fault?.what.hasPrefix("clip train-01-002-1: ") == true && fault?.place == clip
      }
      #expect(throws: Fault.self) { try ShardSet(folder: folder + "/a") }
      let report = try builder(.skip).build(try samples(manifest), to: folder + "/b", threadCount: threads)
      #expect(report.clipCount == 4 && report.rejectedCounts == ["bad data": 1, "missing file": 1])
      let rejected = try String(contentsOfFile: folder + "/b/rejected.jsonl", encoding: .utf8)
      #expect(rejected.split(separator: "\n").count == 2)
      #expect(
        rejected.hasPrefix(
          "{\"cause\":\"bad data\",\"id\":\"train-01-002-1\",\"message\":\"A damaged packet in the video [libav: "))
    }
  }

  @Test func `the same clip twice, and nothing at all, are refused`() throws {
    try withFolder { folder in
      _ = try smallWorld().write(to: folder + "/world", threadCount: 2)
      let manifest = folder + "/world/train.jsonl"
      let text = try String(contentsOfFile: manifest, encoding: .utf8)
      try write(text + text, to: folder + "/world/twice.jsonl")
      #expect {
        try builder().build(try samples(folder + "/world/twice.jsonl"), to: folder + "/a", threadCount: 2)
      } throws: { ($0 as? Fault)?.what == "The clip train-01-001-1 occurs twice" }
      try write("\n\n", to: folder + "/empty.jsonl")
      #expect {
        try builder().build(try samples(folder + "/empty.jsonl"), to: folder + "/c", threadCount: 2)
      } throws: { ($0 as? Fault)?.what == "No samples" }
    }
  }
}
