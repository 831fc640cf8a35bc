import FaultTrials
import Foundation
import Testing

extension EndToEnd {
  /// A text encoder that is trained with the rest: from the vocabulary of a set to the recall of a model that carries it.
  @Suite struct TrainedTextTests {
    private static let settings = [
      "model.trains_text=true", "model.text_encoder.vocabulary_size=200", "model.text_encoder.tokens=16",
      "model.text_encoder.positions=16", "model.text_encoder.width=16", "model.text_encoder.heads=2",
      "model.text_encoder.layers=1", "model.text_encoder.hidden=32", "model.text_encoder.projection=16",
      "model.text_dim=16",
    ]

    /// The small world in shards without any embedding, and a vocabulary of its texts.
    private struct Fixture {
      let folder: String
      var train: String { "\(folder)/train" }
      var test: String { "\(folder)/test" }
      var vocabulary: String { "\(folder)/vocab.txt" }

      init(_ name: String) throws {
        let world = try World.shared()
        folder = "\(world.folder)/\(name)-\(UUID())"
        for part in ["train", "test"] {
          let built = try Command(
            "sgmn-shard",
            [
              "build", "--manifest", "\(world.folder)/demo/\(part).jsonl", "--out", "\(folder)/\(part)", "--resolution",
              "16", "--frames", "3", "--text-encoder", "none",
            ]
          ).run()
          guard built.status == 0 else { throw TrialFailure(built.text) }
        }
        let made = try vocabulary(to: vocabulary).run()
        guard made.status == 0 else { throw TrialFailure(made.text) }
      }

      func vocabulary(to file: String, size: Int = 200, threads: Int = 2, ranks: Int? = nil) -> Command {
        Command(
          "sgmn-shard",
          ["vocabulary", "--shards", train, "--out", file, "--size", "\(size)", "--threads", "\(threads)"],
          ranks: ranks)
      }

      func command(_ run: RunFolder, ranks: Int = 2, _ more: String...) throws -> Command {
        var command = try run.train(
          ranks: ranks, shards: train, settings: settings + ["data.vocabulary='\(vocabulary)'"] + more)
        command.arguments += ["--threads", "1"]
        return command
      }
    }

    @Test func aStoppedRunEndsInTheSameBitsWithoutItsVocabularyFile() throws {
      let fixture = try Fixture("trained-text")
      let whole = try RunFolder("trained-whole")
      let first = try fixture.command(whole).run()
      #expect(first.status == 0 && first.survivors.isEmpty, "\(first.text)")
      let last = RunFolder.checkpoint(World.stepCount)
      let kept = try whole.bytes("checkpoints/\(last)/vocabulary.txt")
      #expect(try kept == Data(contentsOf: URL(fileURLWithPath: fixture.vocabulary)))

      let cut = try RunFolder("trained-cut")
      let job = try fixture.command(cut).slowed(from: 4).start()
      #expect(job.wait { cut.metricsLineCount > 3 }, "\(job.standardError)")
      #expect(job.signalLauncher(SIGUSR1))
      let stopped = job.finish()
      #expect(stopped.status == 75 && stopped.survivors.isEmpty, "\(stopped.text)")
      // Another vocabulary is another model.
      let text = String(decoding: kept, as: UTF8.self)
      try Data(text.split(separator: "\n").dropLast().joined(separator: "\n").utf8)
        .write(to: URL(fileURLWithPath: fixture.vocabulary))
      let refused = try fixture.command(cut).run()
      #expect(refused.status == 78, "\(refused.text)")
      #expect(refused.lineCount("The vocabulary is not that of the checkpoint") == 1, "\(refused.text)")
      try FileManager.default.removeItem(atPath: fixture.vocabulary)
      let second = try fixture.command(cut).run()
      #expect(second.status == 0, "\(second.text)")
      #expect(second.lineCount("goes on with the vocabulary of its checkpoint") == 1, "\(second.text)")
      try cut.expectSameEnd(as: whole)

      var reports: [Data] = []
      for ranks in [nil, 2] {
        let file = "\(whole.path)/report-\(ranks ?? 0).json"
        let result = try Command(
          "sgmn-eval", ["--checkpoint", whole.path, "--shards", fixture.test, "--json", file], ranks: ranks
        ).run()
        #expect(result.status == 0, "\(result.text)")
        reports.append(try Data(contentsOf: URL(fileURLWithPath: file)))
      }
      #expect(reports[0] == reports[1])
      // A vocabulary that was damaged on the disk is found by the manifest.
      try Data(kept.dropLast()).write(to: URL(fileURLWithPath: "\(whole.path)/checkpoints/\(last)/vocabulary.txt"))
      let damaged = try Command("sgmn-eval", ["--checkpoint", whole.path, "--shards", fixture.test]).run()
      #expect(damaged.status != 0 && damaged.text.contains("vocabulary.txt"), "\(damaged.text)")
    }

    /// Texts of a part of a batch are filled up by themselves, so the number of ranks is indifferent to the bit.
    @Test func withVirtualRanksTheNumberOfRanksDoesNotMatter() throws {
      let fixture = try Fixture("trained-virtual")
      var runs: [RunFolder] = []
      for ranks in [1, 2] {
        let run = try RunFolder("trained-virtual-\(ranks)")
        let result = try fixture.command(
          run, ranks: ranks, "compute.virtual_ranks=2", "schedule.steps=6", "model.text_filter=gated",
          "model.text_token_dim=16", "model.text_gate_hidden=4"
        ).run()
        #expect(result.status == 0 && result.survivors.isEmpty, "\(result.text)")
        runs.append(run)
      }
      for file in ["model.safetensors", "optimizer.safetensors"] {
        let path = "checkpoints/\(RunFolder.checkpoint(6))/\(file)"
        #expect(try runs[0].bytes(path) == runs[1].bytes(path), "\(file)")
      }
    }

    @Test func itGoesWithOtherPrecisionsAndNegatives() throws {
      let fixture = try Fixture("trained-settings")
      for settings in [["compute.precision=bf16"], ["model.negatives=global"], ["compute.encoder_parts=2"]] {
        let run = try RunFolder("trained-settings")
        var command = try fixture.command(run, ranks: 2, "schedule.steps=3", "safety.compare_ranks_every=1")
        command.arguments += settings.flatMap { ["--set", $0] }
        let result = try command.run()
        #expect(result.status == 0 && result.survivors.isEmpty, "\(settings) \(result.text)")
        #expect(run.metricsLineCount == 3)
      }
    }

    @Test func aVocabularyIsTheSameOfAnyThreadsAndIsNotOverwritten() throws {
      let fixture = try Fixture("vocabulary")
      let bytes = try Data(contentsOf: URL(fileURLWithPath: fixture.vocabulary))
      #expect(bytes.starts(with: Data("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n".utf8)))
      #expect(bytes.count { $0 == 0x0A } <= 200)
      let again = try fixture.vocabulary(to: fixture.vocabulary + "2", threads: 1).run()
      #expect(again.status == 0, "\(again.text)")
      #expect(try Data(contentsOf: URL(fileURLWithPath: fixture.vocabulary + "2")) == bytes)
      #expect(try fixture.vocabulary(to: fixture.vocabulary).run().status == 73)
      #expect(try fixture.vocabulary(to: fixture.vocabulary + "3", size: 5).run().status == 64)
      let ranked = try fixture.vocabulary(to: fixture.vocabulary + "4", ranks: 2).run()
      #expect(ranked.lineCount("sgmn-shard vocabulary is for one process") == 1, "\(ranked.text)")
      #expect(!FileManager.default.fileExists(atPath: fixture.vocabulary + "4"))
    }
  }
}
