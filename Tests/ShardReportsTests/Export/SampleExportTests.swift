import Faults
import Foundation
import MediaDecoding
import ShardFormat
import Testing

@testable import ShardReports

@Suite struct SampleExportTests {
  private func made(
    _ count: Int, pixelEncoding: PixelEncoding = .rgb
  ) throws -> (folder: TemporaryFolder, set: ShardSet) {
    let folder = try TemporaryFolder()
    try SetFixture.build(folder.path + "/set", count: count, pixelEncoding: pixelEncoding)
    return (folder, try ShardSet(folder: folder.path + "/set"))
  }

  private func lines(_ folder: String) throws -> [[String: Any]] {
    try Data(contentsOf: URL(fileURLWithPath: folder + "/manifest.jsonl")).split(separator: 0x0A).map {
      try #require(try JSONSerialization.jsonObject(with: $0) as? [String: Any])
    }
  }

  @Test(arguments: PixelEncoding.allCases) func filesAreWhatReadingGives(_ encoding: PixelEncoding) throws {
    let (folder, set) = try made(60, pixelEncoding: encoding)
    let out = folder.path + "/out"
    let summary = try SampleExport(set, range: 5..<55).write(to: out, threadCount: 3)
    #expect(summary.sampleCount == 50)
    let lines = try lines(out)
    #expect(lines.count == 50)
    var files: Set<String> = []
    for (number, line) in zip(5..., lines) {
      let sample = try set.read(at: number, using: ShardDecoder())
      #expect(line["image_id"] as? String == sample.imageID)
      #expect(line["title"] as? String ?? "" == sample.title)
      #expect(line["asr"] as? String ?? "" == sample.asr)
      #expect(line["tags"] as? [String: String] == sample.tags)
      #expect(line["category_id"] as? String == sample.categoryID)
      #expect(line["clip_id"] as? String ?? "" == sample.clipID)
      #expect(line["right_images"] as? [String] ?? [] == sample.rightImageIDs)
      let names = [try #require(line["image"] as? String)] + (line["frames"] as? [String] ?? [])
      let planes = try names.flatMap { try ImageFile(path: "\(out)/\($0)").decode().planes }
      #expect(planes == sample.image + sample.frames, "sample \(number)")
      files.formUnion(names)
    }
    #expect(summary.pictureFileCount == files.count)
    let written = try FileManager.default.subpathsOfDirectory(atPath: out + "/media").filter { $0.hasSuffix(".png") }
    #expect(Set(written.map { "media/" + $0 }) == files)
    // Clips of one product share their picture's file.
    #expect(Set(lines.map { $0["image"] as? String }).count < 50)
  }

  @Test func threadsDoNotChangeTheManifest() throws {
    let (folder, set) = try made(30)
    for threadCount in [1, 4] {
      _ = try SampleExport(set, range: 0..<30).write(to: "\(folder.path)/\(threadCount)", threadCount: threadCount)
    }
    #expect(FileManager.default.contentsEqual(atPath: folder.path + "/1", andPath: folder.path + "/4"))
  }

  @Test func whatIsThereIsLeftAlone() throws {
    let (folder, set) = try made(3)
    let out = folder.path + "/out"
    try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
    try Data("mine".utf8).write(to: URL(fileURLWithPath: out + "/note"))
    let fault = #expect(throws: Fault.self) { try SampleExport(set, range: 0..<3).write(to: out, threadCount: 1) }
    #expect(fault?.code == .outputUnavailable)
    #expect(try FileManager.default.contentsOfDirectory(atPath: out) == ["note"])
  }

  @Test func whatAKilledExportLeftIsRemoved() throws {
    let (folder, set) = try made(3)
    let out = folder.path + "/out"
    try FileManager.default.createDirectory(atPath: out + ".partial/media", withIntermediateDirectories: true)
    try Data("old".utf8).write(to: URL(fileURLWithPath: out + ".partial/old"))
    _ = try SampleExport(set, range: 0..<3).write(to: out, threadCount: 1)
    #expect(try FileManager.default.contentsOfDirectory(atPath: out).sorted() == ["manifest.jsonl", "media"])
    #expect(!FileManager.default.fileExists(atPath: out + ".partial"))
  }
}
