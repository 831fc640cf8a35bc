import FaultTrials
import Foundation
import ShardFormat
import Testing

extension EndToEnd {
  /// What text encoders say, from the command that stores it to the model that reads it.
  @Suite struct TextFeatureTests {
    private static let settings = [
      "model.text_filter=gated", "model.text_token_dim=\(TokenFixture.width)", "model.text_gate_hidden=4",
    ]

    private func embed(
      _ fixture: BuildFixture, _ name: String, ranks: Int? = nil, _ more: String...
    ) -> Command {
      Command(
        "sgmn-shard",
        ["embed", "--shards", fixture.output("plain"), "--out", fixture.output(name), "--encoder", "hashed-ngrams"]
          + more, ranks: ranks)
    }

    @Test func embeddedOnAnyRanksAndHoweverOftenKilledASetIsTheSameBytes() throws {
      let fixture = try BuildFixture("embed")
      let built = try fixture.build("plain", "--text-encoder", "none").run()
      #expect(built.status == 0, "\(built.text)")
      let alone = try embed(fixture, "alone").run()
      #expect(alone.status == 0 && alone.standardOutput.contains("12 shards"), "\(alone.text)")
      for ranks in [1, 2, 3] {
        let result = try embed(fixture, "\(ranks)", ranks: ranks).run()
        #expect(result.status == 0 && result.survivors.isEmpty, "\(result.text)")
        try fixture.expectSame("alone", "\(ranks)")
      }
      let verified = try Command("sgmn-shard", ["verify", fixture.output("3")]).run()
      #expect(verified.status == 0, "\(verified.text)")
      let info = try Command("sgmn-shard", ["info", fixture.output("3")]).run()
      #expect(info.standardOutput.contains("hashed-ngrams, 512 numbers"), "\(info.text)")

      // Rank 0 is killed at its second flush: of its first shard, behind the plan, and then of its second.
      for _ in 0..<2 {
        let killed = try embed(fixture, "killed", ranks: 2).armed("file.sync:kill@2#0").run()
        #expect(killed.status != 0 && killed.survivors.isEmpty, "\(killed.text)")
        #expect(!FileManager.default.fileExists(atPath: fixture.output("killed") + "/index.sgmn"))
      }
      let again = try embed(fixture, "killed").run()
      #expect(again.status == 0 && again.standardOutput.contains("of them there before"), "\(again.text)")
      try fixture.expectSame("alone", "killed")
    }

    @Test func whatCannotBeEmbeddedIsToldOnce() throws {
      let fixture = try BuildFixture("unembeddable")
      let built = try fixture.build("plain", "--text-encoder", "none").run()
      #expect(built.status == 0, "\(built.text)")
      let tokens = try embed(fixture, "out", ranks: 2, "--tokens").run()
      #expect(tokens.status == 64, "\(tokens.text)")
      #expect(tokens.lineCount("The encoder hashed-ngrams has no token features") == 1, "\(tokens.text)")
      #expect(!FileManager.default.fileExists(atPath: fixture.output("out")))
      let full = try embed(fixture, "out", ranks: 2).armed("file.write:error=ENOSPC@3").run()
      #expect(full.status == 74 && full.survivors.isEmpty, "\(full.text)")
      let done = try embed(fixture, "out", ranks: 2).run()
      #expect(done.status == 0, "\(done.text)")
      let twice = try embed(fixture, "out", ranks: 2).run()
      #expect(twice.status == 73, "\(twice.text)")
      #expect(twice.lineCount("The folder already holds a set of shards") == 1, "\(twice.text)")
    }

    /// Parts of a batch are padded by themselves, so with virtual ranks the number of ranks is indifferent to the bit.
    @Test func aGatedRunIsTheSameOnOneRankAndOnTwo() throws {
      let shards = try TokenFixture("gated")
      let settings = Self.settings + ["compute.virtual_ranks=2"]
      var runs: [RunFolder] = []
      for ranks in [1, 2] {
        let run = try RunFolder("gated-\(ranks)")
        var command = try run.train(ranks: ranks, shards: shards.train, settings: settings)
        command.arguments += ["--threads", "1"]
        let result = try command.run()
        #expect(result.status == 0 && result.survivors.isEmpty, "\(result.text)")
        runs.append(run)
      }
      for file in ["model.safetensors", "optimizer.safetensors"] {
        let path = "checkpoints/\(RunFolder.checkpoint(World.stepCount))/\(file)"
        #expect(try runs[0].bytes(path) == runs[1].bytes(path), "\(file)")
      }
      #expect(try runs[0].losses() == runs[1].losses())
      let linear = try RunFolder("linear-of-tokens")
      let result = try linear.train(ranks: 2, shards: shards.train, settings: ["compute.virtual_ranks=2"]).run()
      #expect(result.status == 0, "\(result.text)")
      #expect(try linear.losses() != runs[0].losses())

      var reports: [Data] = []
      for ranks in [nil, 2] {
        let file = "\(runs[0].path)/report-\(ranks ?? 0).json"
        let result = try Command(
          "sgmn-eval", ["--checkpoint", runs[0].path, "--shards", shards.test, "--json", file], ranks: ranks
        ).run()
        #expect(result.status == 0, "\(result.text)")
        reports.append(try Data(contentsOf: URL(fileURLWithPath: file)))
      }
      #expect(reports[0] == reports[1])
      let refused = try Command(
        "sgmn-eval", ["--checkpoint", runs[0].path, "--shards", World.shared().testShards], ranks: 2
      ).run()
      #expect(refused.status == 78, "\(refused.text)")
      #expect(refused.lineCount("gated and needs token features; the shards hold none") == 1, "\(refused.text)")
    }

    @Test func aGatedRunEvaluatesAndRefusesShardsWithoutTokens() throws {
      let shards = try TokenFixture("evaluated")
      let run = try RunFolder("gated-evaluating")
      let result = try run.train(
        ranks: 2, shards: shards.train,
        settings: Self.settings + ["schedule.steps=4", "evaluation.every=2", "evaluation.shards='\(shards.test)'"]
      ).run()
      #expect(result.status == 0, "\(result.text)")
      #expect(try run.losses().count { $0.contains("recall_mean") } == 2)
      let refused = try RunFolder("gated-without").train(ranks: 2, settings: Self.settings).run()
      #expect(refused.status == 78, "\(refused.text)")
      #expect(refused.lineCount("Add them with sgmn-shard embed --tokens") == 1, "\(refused.text)")
    }
  }
}
