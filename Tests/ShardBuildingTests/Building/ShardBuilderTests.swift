import Collectives
import Faults
import Foundation
import ShardFormat
import Testing

@testable import ShardBuilding

@Suite struct ShardBuilderTests {
  /// The fault that a build ends with.
  private func fault(_ body: () throws -> Void) -> Fault? {
    do {
      try body()
      return nil
    } catch let agreed as AgreedFault {
      return agreed.fault
    } catch {
      Issue.record("\(error)")
      return nil
    }
  }

  @Test func `shards do not depend on threads, and hold what the world shows`() throws {
    try withFolder { folder in
      let world = try BuiltWorld(folder)
      let report = try world.build(to: folder + "/a", threads: 1, perShard: 4)
      #expect((report.clipCount, report.pictureCount, report.frameCount, report.shardCount) == (6, 0, 24, 2))
      #expect(report.storedPictureCount == 3 && report.keptShardCount == 0)
      for threads in 2...3 {
        try world.build(to: folder + "/\(threads)", threads: threads, perShard: 4)
        #expect(try contents(of: folder + "/a") == contents(of: folder + "/\(threads)"))
      }
      #expect(try ShardVerification.verify(folder: folder + "/a").isClean)
      let sample = try ShardSet(folder: folder + "/a").read(at: 1, using: ShardDecoder())
      #expect(sample.clipID == "train-01-001-2")
      #expect(sample.frameIndices == [0, 1, 3, 5])
      #expect(sample.frames.count == 4 * 3 * 16 * 16 && sample.image.count == 3 * 16 * 16)
      #expect(sample.titleEmbedding.count == 512)
      #expect(fault { try world.build(to: folder + "/a", perShard: 4) }?.code == .outputUnavailable)
    }
  }

  @Test(arguments: [1, 3])
  func `a damaged clip stops the build by its name, or is left out and listed`(_ threads: Int) throws {
    try withFolder { folder in
      let world = try BuiltWorld(folder)
      try world.damage("train-01-002-1")
      try FileManager.default.removeItem(atPath: world.clip("train-01-003-2"))
      let fault = fault { try world.build(to: folder + "/a", threads: threads) }
      #expect(fault?.code == .badData && fault?.place == world.clip("train-01-002-1"))
      #expect(fault?.what.hasPrefix("clip train-01-002-1: ") == true)
      #expect(throws: Fault.self) { try ShardSet(folder: folder + "/a") }
      let report = try world.build(to: folder + "/b", .skip, threads: threads)
      #expect(report.clipCount == 4 && report.rejectedCounts == ["bad data": 1, "missing file": 1])
      let rejected = try String(contentsOfFile: folder + "/b/rejected.jsonl", encoding: .utf8)
      #expect(rejected.split(separator: "\n").count == 2)
      #expect(
        rejected.hasPrefix(
          #"{"cause":"bad data","entry":3,"id":"train-01-002-1","message":"A damaged packet in the video [libav: "#))
      // Without the policy to leave out, what an earlier build left out stops this one.
      try FileManager.default.removeItem(atPath: folder + "/b/index.sgmn")
      #expect(self.fault { try world.build(to: folder + "/b", threads: threads) }?.code == .badData)
    }
  }

  @Test func `the same clip twice, and nothing at all, are refused`() throws {
    try withFolder { folder in
      let world = try BuiltWorld(folder)
      let twice = folder + "/world/twice.jsonl"
      let text = try String(contentsOfFile: world.manifest, encoding: .utf8)
      try write(text + text, to: twice)
      let fault = fault { try world.build(to: folder + "/a", manifest: twice) }
      #expect(fault?.what == "The clip train-01-001-1 occurs twice" && fault?.code == .badData)
      #expect(fault?.place == "\(twice), line 1 and \(twice), line 7")
      #expect(!FileManager.default.fileExists(atPath: folder + "/a"))
      try write("\n\n", to: folder + "/empty.jsonl")
      #expect(
        self.fault { try world.build(to: folder + "/c", manifest: folder + "/empty.jsonl") }?.what == "No samples")
    }
  }

  @Test func `a set without one readable sample is no set`() throws {
    try withFolder { folder in
      let world = try BuiltWorld(folder)
      for id in world.clipIDs { try world.damage(id) }
      #expect(
        fault { try world.build(to: folder + "/a", .skip) }?.what == "Not one of 6 samples could be read")
      #expect(!FileManager.default.fileExists(atPath: folder + "/a/index.sgmn"))
      #expect(FileManager.default.fileExists(atPath: folder + "/a/rejected.jsonl"))
    }
  }

  @Test func `a stopped build goes on with the shards that it lacks, and ends in the same bytes`() throws {
    try withFolder { folder in
      let world = try BuiltWorld(folder)
      let set = folder + "/set"
      try world.build(to: set)
      let whole = try contents(of: set)
      let numbers = try world.fileNumbers(set)
      for name in ["index.sgmn", "shard-00001.sgmn"] { try FileManager.default.removeItem(atPath: set + "/" + name) }
      // A shard that is cut is not there; what a killed writer leaves behind goes.
      let last = set + "/shard-00002.sgmn"
      try Data(contentsOf: URL(fileURLWithPath: last)).dropLast(1).write(to: URL(fileURLWithPath: last))
      try write("half", to: set + "/.shard-00001.sgmn.tmp-1-1")
      let report = try world.build(to: set)
      #expect(report.keptShardCount == 1)
      #expect(try contents(of: set) == whole)
      #expect(try world.fileNumbers(set)["shard-00000.sgmn"] == numbers["shard-00000.sgmn"])
    }
  }

  @Test func `a build that is asked to stop says how far it is, and goes on`() throws {
    try withFolder { folder in
      let world = try BuiltWorld(folder)
      var watch = BuildWatch()
      watch.isStopRequested = { true }
      let fault = fault { try world.build(to: folder + "/a", watch: watch) }
      if let fault {  // a build of six clips may be done before it hears of it
        #expect(fault.code == .stoppedWithCheckpoint && fault.what.hasSuffix(" of 3 shards done"))
        #expect(!FileManager.default.fileExists(atPath: folder + "/a/index.sgmn"))
        try world.build(to: folder + "/a")
      }
      try world.build(to: folder + "/b")
      #expect(try contents(of: folder + "/a") == contents(of: folder + "/b"))
    }
  }

  @Test func `a changed line of the source costs its shard alone`() throws {
    try withFolder { folder in
      let world = try BuiltWorld(folder)
      let set = folder + "/set"
      try world.build(to: set)
      let numbers = try world.fileNumbers(set)
      var lines = try String(contentsOfFile: world.manifest, encoding: .utf8).split(separator: "\n").map(String.init)
      lines[2] = lines[2].replacingOccurrences(of: "\"title\":\"", with: "\"title\":\"new ")
      try write(lines.joined(separator: "\n") + "\n", to: world.manifest)
      try FileManager.default.removeItem(atPath: set + "/index.sgmn")
      #expect(try world.build(to: set).keptShardCount == 2)
      let after = try world.fileNumbers(set)
      #expect(after["shard-00000.sgmn"] == numbers["shard-00000.sgmn"])
      #expect(after["shard-00001.sgmn"] != numbers["shard-00001.sgmn"])
      try world.build(to: folder + "/fresh")
      #expect(try contents(of: set) == contents(of: folder + "/fresh"))

      // A finished set is mended for it, too.
      lines[5] = lines[5].replacingOccurrences(of: "\"title\":\"", with: "\"title\":\"newer ")
      try write(lines.joined(separator: "\n") + "\n", to: world.manifest)
      #expect(try world.build(to: set, .skip) { $0.retriesLeftOut = true }.keptShardCount == 2)
      try world.build(to: folder + "/fresher")
      #expect(try contents(of: set) == contents(of: folder + "/fresher"))
    }
  }

  @Test func `a build of other settings is refused, and removed on request`() throws {
    try withFolder { folder in
      let world = try BuiltWorld(folder)
      let set = folder + "/set"
      try world.build(to: set)
      try FileManager.default.removeItem(atPath: set + "/index.sgmn")
      let other = fault { try world.build(to: set, resolution: 8) }
      #expect(other?.code == .configuration && other?.what.hasSuffix(": --resolution 16, now 8") == true)
      #expect(other?.remedy?.contains("--restart") == true)
      try write(try String(contentsOfFile: world.manifest, encoding: .utf8), to: folder + "/world/copy.jsonl")
      #expect(
        fault { try world.build(to: set, manifest: folder + "/world/copy.jsonl") }?.what.contains("source ") == true)
      try world.build(to: set, resolution: 8) { $0.restarts = true }
      #expect(try ShardSet(folder: set).configuration.resolution == 8)
      // A finished set is not removed.
      #expect(fault { try world.build(to: set) { $0.restarts = true } }?.code == .outputUnavailable)
      // Shards of nobody knows what.
      try write("x", to: folder + "/foreign/shard-00000.sgmn")
      #expect(fault { try world.build(to: folder + "/foreign") }?.what.contains("no build.json") == true)
    }
  }

  @Test(arguments: [1, 2]) func `what was left out is tried again, in its shard alone`(_ threads: Int) throws {
    try withFolder { folder in
      let world = try BuiltWorld(folder)
      let set = folder + "/set"
      let bad = ["train-01-002-1", "train-01-002-2", "train-01-003-2"]
      var good: [String: Data] = [:]
      for id in bad {
        good[id] = try Data(contentsOf: URL(fileURLWithPath: world.clip(id)))
        try world.damage(id)
      }
      try world.build(to: set, .skip, threads: threads, perShard: 3)
      let before = try contents(of: set)
      let numbers = try world.fileNumbers(set)

      // Nothing has changed: nothing is written.
      let again = try world.build(to: set, .skip, threads: threads, perShard: 3) { $0.retriesLeftOut = true }
      #expect(again.rejectedCount == 3 && again.keptShardCount == 2)
      #expect(try world.fileNumbers(set) == numbers)

      // One of the second shard's two can be had; the first shard stays as it is.
      try good[bad[1]]!.write(to: URL(fileURLWithPath: world.clip(bad[1])))
      let mended = try world.build(to: set, .skip, threads: threads, perShard: 3) { $0.retriesLeftOut = true }
      #expect(mended.clipCount == 4 && mended.rejectedCounts == ["bad data": 2] && mended.keptShardCount == 1)
      #expect(try world.fileNumbers(set)["shard-00000.sgmn"] == numbers["shard-00000.sgmn"])
      try world.build(to: folder + "/fresh", .skip, perShard: 3)
      #expect(try contents(of: set) == contents(of: folder + "/fresh") && contents(of: set) != before)

      for id in bad { try good[id]!.write(to: URL(fileURLWithPath: world.clip(id))) }
      try world.build(to: set, .skip, threads: threads, perShard: 3) { $0.retriesLeftOut = true }
      try world.build(to: folder + "/whole", perShard: 3)
      #expect(try contents(of: set) == contents(of: folder + "/whole"))
      #expect(!FileManager.default.fileExists(atPath: set + "/rejected.jsonl"))
      #expect(try ShardVerification.verify(folder: set).isClean)
    }
  }

  @Test func `progress counts every entry, and ends with the last`() throws {
    try withFolder { folder in
      let world = try BuiltWorld(folder)
      try world.damage("train-01-001-1")
      final class Seen { var last = BuildProgress() }
      let seen = Seen()
      var watch = BuildWatch()
      watch.progress = { seen.last = $0 }
      let report = try world.build(to: folder + "/a", .skip, watch: watch)
      #expect(seen.last.isDone && seen.last.entryCount == 6 && seen.last.leftOutCount == 1 && seen.last.keptCount == 0)
      #expect(seen.last.byteCount < report.byteCount && seen.last.byteCount > report.byteCount / 2)
      for name in ["index.sgmn", "shard-00002.sgmn"] {
        try FileManager.default.removeItem(atPath: folder + "/a/" + name)
      }
      try world.build(to: folder + "/a", .skip, watch: watch)
      #expect(seen.last.isDone && seen.last.entryCount == 2 && seen.last.keptCount == 4)
    }
  }
}
