import FaultTrials
import Foundation
import Randomness
import ShardFormat
import Testing

extension EndToEnd {
  /// The commands that look at shards.
  @Suite struct ShardCommandsTests {
    private func shard(_ arguments: [String], ranks: Int? = nil) throws -> Job.Result {
      try Command("sgmn-shard", arguments, ranks: ranks).run()
    }

    private func folder(_ name: String) throws -> String {
      let path = try World.shared().folder + "/\(name)-\(UUID().uuidString)"
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      return path
    }

    /// The training samples of the world once more, in shards of five.
    private func small(_ pixels: PixelEncoding = .yuv420) throws -> String {
      let world = try ShardSet(folder: World.shared().trainShards)
      var configuration = world.configuration
      configuration.samplesPerShard = 5
      configuration.pixelEncoding = pixels
      let folder = try folder("small")
      let writer = try ShardWriter(folder: folder, configuration: configuration)
      let decoder = ShardDecoder()
      for number in 0..<world.count { try writer.append(world.read(at: number, using: decoder)) }
      try writer.finish()
      return folder
    }

    private func flip(_ path: String, _ stream: inout RandomStream) throws -> Int {
      var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
      let offset = stream.integer(below: bytes.count)
      bytes[offset] ^= 1 << UInt8(stream.integer(below: 8))
      try bytes.write(to: URL(fileURLWithPath: path))
      return offset
    }

    @Test(arguments: [nil, 2, 3]) func verifyPassesAWholeSet(_ ranks: Int?) throws {
      let folder = try small()
      for arguments in [["verify", folder], ["verify", folder, "--quick", "--threads", "2"]] {
        let result = try shard(arguments, ranks: ranks)
        #expect(result.status == 0, "\(result.text)")
        let lines = result.standardOutput.split(separator: "\n")
        #expect(lines.count == 1, "\(result.text)")
        #expect(lines.first?.contains("5 shards, \(World.pairCount) samples") == true, "\(result.text)")
      }
    }

    @Test(arguments: 0..<6) func verifyFindsFlips(_ round: Int) throws {
      let folder = try small(round % 2 == 0 ? .yuv420 : .rgb)
      var stream = RandomStream(seed: 21, "flips", round)
      let shards = [round % 5, (round + 2) % 5].sorted()
      let offsets = try shards.map { try flip("\(folder)/\(ShardLimits.shardName($0))", &stream) }
      let result = try shard(["verify", folder, "--threads", "\(1 + round % 3)"], ranks: round < 3 ? 2 : nil)
      #expect(result.status == 65, "\(offsets): \(result.text)")
      let lines = result.standardOutput.split(separator: "\n")
      let found = lines.compactMap { line in shards.first { line.contains(ShardLimits.shardName($0)) } }
      #expect(found == found.sorted() && Set(found) == Set(shards), "\(offsets): \(result.text)")
      #expect(found.count == lines.count, "\(result.text)")
      #expect(result.lineCount("Copy the damaged shards again") == 1, "\(result.text)")
      #expect(result.survivors.isEmpty)
    }

    @Test(arguments: [nil, 2]) func verifySaysOnceThatThereIsNothing(_ ranks: Int?) throws {
      let result = try shard(["verify", "/nowhere/shards"], ranks: ranks)
      #expect(result.status == 66, "\(result.text)")
      #expect(result.lineCount("/nowhere/shards") == 1, "\(result.text)")
    }

    @Test func infoAndStatsAreJSON() throws {
      let folder = try small()
      for command in ["info", "stats"] {
        let result = try shard([command, folder, "--json"])
        #expect(result.status == 0, "\(result.text)")
        let value = try JSONSerialization.jsonObject(with: Data(result.standardOutput.utf8)) as? [String: Any]
        let facts = command == "info" ? value : value?["facts"] as? [String: Any]
        #expect(facts?["clipCount"] as? Int == World.pairCount)
        #expect(facts?["shardCount"] as? Int == 5)
      }
    }

    @Test func statsWriteAPage() throws {
      let folder = try small()
      let page = folder + "/page.html"
      let result = try shard(["stats", folder, "--html", page])
      #expect(result.status == 0, "\(result.text)")
      #expect(result.standardOutput.contains("Categories"))
      let html = try String(contentsOfFile: page, encoding: .utf8)
      #expect(html.hasPrefix("<!DOCTYPE html>") && html.hasSuffix("</html>\n"))
      #expect(try shard(["stats", folder, "--html", "/nowhere/page.html"]).status == 73)
    }

    @Test func showAndSheetDraw() throws {
      let folder = try small()
      let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47]
      let set = try ShardSet(folder: folder)
      let clip = try set.summary(at: 7).clipID
      for arguments in [
        ["show", folder, clip, "--png", "\(folder)/1.png"], ["show", folder, "7", "--png", "\(folder)/2.png"],
        ["sheet", folder, "--png", "\(folder)/3.png", "--columns", "2", "--count", "6"],
        ["sheet", folder, "--png", "\(folder)/4.png", "--seed", "5", "--side", "8"],
      ] {
        let result = try shard(arguments)
        #expect(result.status == 0, "\(result.text)")
        let drawn = try Data(contentsOf: URL(fileURLWithPath: arguments.last { $0.hasSuffix(".png") }!))
        #expect(drawn.starts(with: png))
      }
      #expect(
        try Data(contentsOf: URL(fileURLWithPath: "\(folder)/1.png"))
          == Data(contentsOf: URL(fileURLWithPath: "\(folder)/2.png")))
      #expect(try shard(["show", folder, "nobody"]).status == 66)
      #expect(try shard(["sheet", folder, "--png", "\(folder)/5.png", "--category", "none"]).status == 66)
    }

    /// What leaves by `export` and comes back by `build` is the same.
    @Test(arguments: PixelEncoding.allCases) func exportComesBack(_ pixels: PixelEncoding) throws {
      let folder = try small(pixels)
      let (out, again) = (folder + "/out", folder + "/again")
      let exported = try shard(["export", folder, "--out", out, "--range", "3..<17"])
      #expect(exported.status == 0, "\(exported.text)")
      let built = try shard([
        "build", "--manifest", out + "/manifest.jsonl", "--out", again, "--resolution", "16", "--frames", "3",
        "--pixels", pixels.name,
      ])
      #expect(built.status == 0, "\(built.text)")
      let (old, new) = (try ShardSet(folder: folder), try ShardSet(folder: again))
      #expect(new.count == 14)
      let decoder = ShardDecoder()
      for number in 0..<min(14, new.count) {
        var before = try old.read(at: 3 + number, using: decoder)
        var after = try new.read(at: number, using: decoder)
        // 4:2:0 costs one more conversion of the RGB in the files, and nothing else.
        func onceMore(_ rgb: [UInt8]) -> [UInt8] {
          pixels.pictures(fromRGB: rgb, resolution: 16).withUnsafeBytes { pixels.rgb(from: $0, resolution: 16) }
        }
        (before.image, before.frames) = (onceMore(before.image), onceMore(before.frames))
        // The places of frames count from the first one again.
        after.frameIndices = before.frameIndices
        #expect(before == after, "sample \(number)")
      }
    }

    @Test func exportRefuses() throws {
      let folder = try small()
      #expect(try shard(["export", folder, "--out", folder]).status == 73)
      #expect(try shard(["export", folder, "--out", folder + "/x", "--range", "20..<99"]).status == 64)
      #expect(try shard(["export", folder, "--out", folder + "/x", "--range", "9..<9"]).status == 64)
    }

    @Test func benchPrintsItsLineLast() throws {
      let folder = try small()
      for arguments in [[], ["--threads", "2", "--order", "training", "--rgb"]] {
        let result = try shard(["bench", folder, "--seconds", "0.05"] + arguments)
        #expect(result.status == 0, "\(result.text)")
        let lines = result.standardOutput.split(separator: "\n")
        #expect(lines.count { $0.hasPrefix("pass ") } == 3)
        let fields = lines.last?.split(separator: " ").map { $0.split(separator: "=")[0] }
        #expect(fields == ["pairs_per_s", "rgb_mb_per_s", "bytes_per_pair", "zstd_share"])
      }
    }

    /// A manifest of two clips whose frames are `names`, files in the demo's folder of pictures.
    private func manifest(_ names: [String], in folder: String) throws -> String {
      let lines = (0..<2).map { clip in
        let frames = names.map { "\"\($0)\"" }.joined(separator: ", ")
        return "{\"clip_id\": \"c\(clip)\", \"frames\": [\(frames)], \"image\": \"\(names[0])\"}\n"
      }
      try lines.joined().write(toFile: "\(folder)/frames.jsonl", atomically: true, encoding: .utf8)
      return "\(folder)/frames.jsonl"
    }

    /// The product pictures of the demo, which are JPEG files, in a folder of their own.
    private func pictures() throws -> (folder: String, names: [String]) {
      let folder = try folder("pictures") + "/images"
      try FileManager.default.copyItem(atPath: World.shared().folder + "/demo/images", toPath: folder)
      let names = try FileManager.default.subpathsOfDirectory(atPath: folder).filter { $0.hasSuffix(".jpg") }.sorted()
      return (folder, Array(names.prefix(5)))
    }

    @Test func benchBuildsBesideLibAVCodec() throws {
      let (folder, names) = try pictures()
      let (manifest, temporary) = (try manifest(names, in: folder), try self.folder("temporary"))
      let result = try shard([
        "bench", "--build", manifest, "--threads", "2", "--resolution", "16", "--frames", "3", "--temporary", temporary,
      ])
      #expect(result.status == 0, "\(result.text)")
      let lines = result.standardOutput.split(separator: "\n")
      #expect(lines.first?.contains("8 pictures of 2 samples, in 3 files") == true, "\(result.text)")
      #expect(lines.count { $0.hasPrefix("turn ") } == 3)
      let fields = lines.last?.split(separator: " ").map { $0.split(separator: "=") }
      #expect(fields?.map { $0[0] } == ["build_pictures_per_s", "libavcodec_pictures_per_s", "build_share"])
      #expect(fields?.allSatisfy { Double($0[1]).map { $0 > 0 } ?? false } == true, "\(result.text)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: temporary).isEmpty)
    }

    @Test func benchBuildsFromWholeJPEGFilesAlone() throws {
      let (folder, names) = try pictures()
      let temporary = try self.folder("temporary")
      func bench(_ manifest: String) throws -> Job.Result {
        try shard(["bench", "--build", manifest, "--resolution", "16", "--temporary", temporary])
      }
      let videos = try bench(World.shared().folder + "/demo/train.jsonl")
      #expect(videos.status == 65 && videos.lineCount("is a video") == 1, "\(videos.text)")
      let missing = try bench(manifest(names + ["none.jpg"], in: folder))
      #expect(missing.status == 66 && missing.lineCount("none.jpg") == 1, "\(missing.text)")
      try Data("GIF89a".utf8).write(to: URL(fileURLWithPath: "\(folder)/other.jpg"))
      let other = try bench(manifest(names + ["other.jpg"], in: folder))
      #expect(other.status == 65 && other.lineCount("Not a JPEG") == 1, "\(other.text)")
      // libavcodec decodes what is there of it: the build refuses it, and its folder goes.
      let whole = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(names[0])"))
      try whole.prefix(whole.count * 3 / 4).write(to: URL(fileURLWithPath: "\(folder)/cut.jpg"))
      let cut = try bench(manifest(names + ["cut.jpg"], in: folder))
      #expect(cut.status == 65 && cut.lineCount("cut.jpg") == 1, "\(cut.text)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: temporary).isEmpty)
      #expect(try shard(["bench", folder, "--build", "x"]).status == 64)
    }

    @Test func benchSaysHowWellAnOrderMixes() throws {
      let folder = try small()
      let result = try shard(["bench", folder, "--shuffle-quality", "--batch", "4", "--shuffle-block", "2"])
      #expect(result.status == 0, "\(result.text)")
      let fields = result.standardOutput.split(separator: "\n").last?.split(separator: " ").map {
        $0.split(separator: "=")
      }
      #expect(fields?.map { $0[0] } == ["shuffle_quality", "neighbour_ratio", "travel", "seeks_per_sample"])
      let quality = fields.flatMap { Double($0[0][1]) } ?? -1
      #expect(quality > 0 && quality <= 1, "\(result.text)")
      #expect(try shard(["bench", folder, "--shuffle-quality", "--batch", "9999"]).status == 78)
    }

    @Test(arguments: [nil, 2]) func aSyntheticIndexOpens(_ ranks: Int?) throws {
      let folder = try folder("index")
      let result = try shard(["bench", "--synthetic-index", "300000", "--temporary", folder], ranks: ranks)
      #expect(result.status == 0, "\(result.text)")
      let lines = result.standardOutput.split(separator: "\n")
      #expect(lines.count { $0.hasPrefix("rank ") } == ranks ?? 1)
      #expect(lines.last?.hasPrefix("ranks=\(ranks ?? 1) open_s=") == true, "\(result.text)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    }
  }
}
