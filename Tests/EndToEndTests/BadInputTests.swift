import FaultTrials
import Foundation
import Testing

extension EndToEnd {
  /// What is wrong is said once, with its place and its remedy; every rank ends, with the code that is documented.
  @Suite struct BadInputTests {
    /// - Parameter told: What one line of standard error says, and one line alone.
    private func expect(
      _ result: Job.Result, _ code: Int32, told: String..., at location: SourceLocation = #_sourceLocation
    ) {
      #expect(result.status == code, "\(result.text)", sourceLocation: location)
      for part in told { #expect(result.lineCount(part) == 1, "\(part) in \(result.text)", sourceLocation: location) }
      #expect(result.survivors.isEmpty, sourceLocation: location)
    }

    @Test func aMissingShardFolder() throws {
      let result = try RunFolder("none").train(shards: "/nowhere/shards").run()
      expect(result, 66, told: "(/nowhere/shards", "Check the path")
    }

    @Test func anEmptyShardFolder() throws {
      let folder = try World.shared().folder + "/empty"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      expect(try RunFolder("empty").train(shards: folder).run(), 66, told: folder)
    }

    /// A copy of the shards with one byte in the middle of the samples changed.
    private func flipped() throws -> (folder: String, file: String) {
      let folder = try World.shared().copyOfTrainShards()
      let file = "\(folder)/shard-00000.sgmn"
      var bytes = try Data(contentsOf: URL(fileURLWithPath: file))
      bytes[bytes.count / 2] ^= 1
      try bytes.write(to: URL(fileURLWithPath: file))
      return (folder, file)
    }

    @Test func aChangedByteEndsTheRun() throws {
      let (folder, file) = try flipped()
      let run = try RunFolder("flipped")
      let result = try run.train(shards: folder, "data.on_bad=fail").run()
      expect(result, 65, told: file)
      let records = try FileManager.default.contentsOfDirectory(atPath: run.path).filter { $0.hasPrefix("error.rank-") }
      #expect(records.count == 1)
      #expect(try String(decoding: run.bytes(#require(records.first)), as: UTF8.self).contains(file))
    }

    /// Three epochs on two ranks: what is damaged comes on either, and is told once by all.
    @Test func aChangedByteIsSkippedOnRequest() throws {
      let (folder, file) = try flipped()
      let run = try RunFolder("skipping")
      var command = try run.train(shards: folder, "schedule.steps=9")
      command.arguments += ["--on-bad", "skip"]
      let result = try command.run()
      #expect(result.status == 0, "\(result.text)")
      // A damaged picture is that of both clips of its product.
      let told = result.lineCount("stands in for damaged sample")
      #expect((1...2).contains(told), "\(result.text)")
      #expect(result.lineCount(file) == told, "\(result.text)")
      #expect(run.metricsLineCount == 9)
      let last = try #require(String(decoding: run.bytes("metrics.jsonl"), as: UTF8.self).split(separator: "\n").last)
      #expect(last.contains("\"replaced_samples\":\(told)"), "\(last)")
    }

    @Test func aCutShard() throws {
      let folder = try World.shared().copyOfTrainShards()
      let file = "\(folder)/shard-00000.sgmn"
      try Data(contentsOf: URL(fileURLWithPath: file)).dropLast(1000).write(to: URL(fileURLWithPath: file))
      expect(try RunFolder("cut-shard").train(shards: folder).run(), 65, told: file)
    }

    @Test func aBatchThatIsLargerThanTheData() throws {
      let result = try RunFolder("large-batch").train("data.global_batch=26").run()
      expect(result, 78, told: "26 pairs", "the set has \(World.pairCount)", "Lower data.global_batch, which is 26")
    }

    @Test func aBatchThatTheRanksCannotShare() throws {
      let result = try RunFolder("odd-batch").train(ranks: 4, "data.global_batch=6").run()
      expect(result, 64, told: "data.global_batch 6 is not divisible by 4 ranks", "Choose a multiple of 4")
    }

    @Test func anUnknownKeyOfTheConfiguration() throws {
      let file = try World.shared().folder + "/unknown.yaml"
      try "model:\n  widht: 24\n".write(toFile: file, atomically: true, encoding: .utf8)
      var command = try RunFolder("unknown").train()
      command.arguments += ["--config", file]
      expect(try command.run(), 78, told: "Unknown key model.widht", "\(file):2:3", "width")
    }

    @Test func aCommandLineThatCannotBeObeyed() throws {
      var command = try RunFolder("usage").train()
      command.arguments += ["--no-such-option"]
      let result = try command.run()
      expect(result, 64, told: "--no-such-option")
    }

    /// As `--init-visual "$WEIGHTS"` gives it where the variable is not set: the run would begin at random.
    @Test(arguments: ["--init-visual", "--init-release"]) func anEmptyNameOfAFileOfWeights(_ option: String) throws {
      var command = try RunFolder("unset\(option)").train()
      command.arguments += [option, ""]
      let result = try command.run()
      expect(result, 64, told: "\(option) has an empty name")
    }

    @Test func aModelThatNoMachineHolds() throws {
      let result = try RunFolder("huge").train("model.width=4611686018427387904").run()
      expect(result, 78, told: "model.width: 4611686018427387904 is not within", "Change model.width")
    }

    @Test func anOutputThatCannotBeMade() throws {
      var command = try RunFolder("nowhere").train()
      command.arguments += ["--out", "/dev/null/run"]
      expect(try command.run(), 73, told: "(/dev/null/run)", "Check the path")
    }

    @Test func aCheckpointOfAnotherConfiguration() throws {
      let unbroken = try World.unbroken().run
      let losses = try unbroken.losses()
      let result = try unbroken.train("model.embed_dim=32").run()
      expect(result, 78, told: "model.embed_dim: checkpoint=16 now=32", "choose another --out")
      #expect(try unbroken.losses() == losses)
    }

    @Test func aLossThatIsNotFiniteLeavesTheLastCheckpoint() throws {
      let run = try RunFolder("not-finite")
      let command = try run.train(
        "optimizer.learning_rate=1e20", "schedule.warmup_share=0.9", "schedule.steps=1000", "checkpoint.every=1")
      let result = try command.run()
      expect(result, 80, told: "is not finite", "Lower optimizer.learning_rate")
      let last = try #require(run.checkpoints.last)
      #expect(last == RunFolder.checkpoint(run.metricsLineCount))
      let model = try run.bytes("checkpoints/\(last)/model.safetensors")
      let header = model.prefix(8).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
      let weights = model.dropFirst(8 + header).withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
      #expect(!weights.isEmpty && weights.allSatisfy(\.isFinite))
    }

    /// `mpirun` ends all ranks with the first that fails, so the others must leave the one that speaks the time for it.
    @Test(arguments: [
      ("sgmn-train", ["--stepz"], "Missing expected argument '--out <out>'"),
      ("sgmn-eval", ["--stepz"], "Missing expected argument '--checkpoint <checkpoint>'"),
      ("sgmn-shard", ["build", "--out", "x"], "Give one of --manifest"),
      ("sgmn-shard", ["vocabulary", "--shards", "x", "--out", "y"], "sgmn-shard vocabulary is for one process"),
      ("sgmn-train", ["--out", "x", "--print-config", "--set", "nothing"], "A setting is key=value"),
    ])
    func aWrongCallIsToldOnceHoweverLateItsTellerStarts(name: String, arguments: [String], message: String) throws {
      let late = Command(name, arguments, ranks: 3).prefixing("sh -c 'sleep 0.7; exec \"$@\"' sh", rank: 0)
      let result = try late.run()
      #expect(result.status == 64, "\(result.text)")
      #expect(result.lineCount(message) == 1, "\(result.text)")
      #expect(result.survivors.isEmpty)
    }
  }
}
