import Checkpointing
import FaultTrials
import Foundation
import Testing

extension EndToEnd {
  /// A frozen text encoder: its features stored by `sgmn-shard embed`, and computed while training.
  @Suite struct TextEncoderTests {
    /// A small Chinese-CLIP made by `transformers`: embeddings of 12 numbers, tokens of 16.
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("PretrainedWeightsTests/Fixtures/chinese-clip-small").path
    private static let model = [
      "model.text_dim=12", "model.text_filter=gated", "model.text_token_dim=16", "model.text_gate_hidden=4",
    ]

    private func embed(_ shards: String, to output: String, ranks: Int?) throws {
      let result = try Command(
        "sgmn-shard",
        [
          "embed", "--shards", shards, "--out", output, "--encoder", Self.folder, "--tokens", "--threads", "1",
          "--token-limit", "20",
        ], ranks: ranks
      ).run()
      #expect(result.status == 0 && result.survivors.isEmpty, "\(result.text)")
    }

    /// What the text loss was in each step.
    private func textLosses(_ run: RunFolder) throws -> [Double] {
      try run.bytes("metrics.jsonl").split(separator: UInt8(ascii: "\n")).compactMap { line in
        (try JSONSerialization.jsonObject(with: line) as? [String: Any])?["loss_text"] as? Double
      }
    }

    @Test func storedOrComputedFeaturesTrainTheSameModel() throws {
      let world = try World.shared()
      let stored = world.folder + "/by-encoder"
      try embed(world.trainShards, to: stored, ranks: 2)
      let alone = world.folder + "/by-encoder-alone"
      try embed(world.trainShards, to: alone, ranks: nil)
      for name in try FileManager.default.contentsOfDirectory(atPath: stored) where name.hasSuffix(".sgmn") {
        #expect(
          FileManager.default.contentsEqual(atPath: "\(stored)/\(name)", andPath: "\(alone)/\(name)"), "\(name)")
      }

      let fromShards = try RunFolder("stored-texts")
      let live = try RunFolder("computed-texts")
      let computed = Self.model + ["data.text_encoder='\(Self.folder)'", "data.text_tokens=20"]
      for (run, shards, settings) in [
        (fromShards, stored, Self.model), (live, world.trainShards, computed),
      ] {
        let result = try run.train(ranks: 2, shards: shards, settings: settings + ["schedule.steps=8"]).run()
        #expect(result.status == 0 && result.survivors.isEmpty, "\(result.text)")
      }
      let (one, other) = (try textLosses(fromShards), try textLosses(live))
      #expect(one.count == 8 && Set(one).count > 1)
      for (one, other) in zip(one, other) { #expect(abs(one - other) < 1e-4, "\(one), \(other)") }

      // The run's configuration names the encoder, so an evaluation needs no more.
      var tables: [String] = []
      for run in [live, fromShards] {
        let more = run.path == fromShards.path ? ["--text-encoder", Self.folder] : []
        let result = try Command(
          "sgmn-eval", ["--checkpoint", live.path, "--shards", world.testShards] + more, ranks: 2
        ).run()
        #expect(result.status == 0, "\(result.text)")
        tables.append(result.standardOutput)
      }
      #expect(tables[0] == tables[1] && tables[0].contains("with text"))
    }

    @Test func anotherEncoderIsRefused() throws {
      let world = try World.shared()
      let other = world.folder + "/another-encoder"
      try FileManager.default.copyItem(atPath: Self.folder, toPath: other)
      let vocabulary = "\(other)/vocab.txt"
      let words = try String(contentsOfFile: vocabulary, encoding: .utf8)
      try words.replacingOccurrences(of: "\n色\n", with: "\n蓝\n").write(
        toFile: vocabulary, atomically: true, encoding: .utf8)

      let run = try RunFolder("encoder-exchanged")
      let settings = Self.model + ["data.text_tokens=20", "schedule.steps=4"]
      let first = try run.train(ranks: 2, settings: settings + ["data.text_encoder='\(Self.folder)'"]).run()
      #expect(first.status == 0, "\(first.text)")
      let second = try run.train(ranks: 2, settings: settings + ["data.text_encoder='\(other)'"]).run()
      #expect(
        second.status == 78 && second.lineCount("text encoder: checkpoint=chinese-clip-12-") == 1, "\(second.text)")
      let evaluated = try Command(
        "sgmn-eval", ["--checkpoint", run.path, "--shards", world.testShards, "--text-encoder", other], ranks: 2
      ).run()
      #expect(evaluated.status == 78 && evaluated.lineCount("the model knows the texts of") == 1, "\(evaluated.text)")
      let narrow = try RunFolder("encoder-too-narrow").train(
        ranks: 2, settings: ["data.text_encoder='\(Self.folder)'"]
      ).run()
      #expect(narrow.status == 78 && narrow.lineCount("Set model.text_dim=12") == 1, "\(narrow.text)")
    }

    /// The encoder that a run trains begins as the file's: its first text loss is that of the frozen one, and at a rate of
    /// 0 it stays so. Vocabulary and weights are then in the checkpoint, and the folder is not read again.
    @Test func anEncoderThatIsTrainedBeginsWithTheFile() throws {
      let world = try World.shared()
      let folder = world.folder + "/encoder-of-a-start"
      try FileManager.default.copyItem(atPath: Self.folder, toPath: folder)
      let (frozen, trained) = (try RunFolder("start-frozen"), try RunFolder("start-trained"))
      let sizes = [
        "vocabulary_size=300", "tokens=20", "positions=64", "width=16", "heads=4", "layers=2", "hidden=24",
        "projection=12",
      ]
      let training =
        Self.model + ["model.trains_text=true", "optimizer.text_lr_scale=0"] + sizes.map { "model.text_encoder." + $0 }
      let first = try frozen.train(
        ranks: 2, settings: Self.model + ["data.text_encoder='\(folder)'", "data.text_tokens=20", "schedule.steps=2"]
      ).run()
      #expect(first.status == 0, "\(first.text)")
      var command = try trained.train(ranks: 2, settings: training + ["schedule.steps=2"])
      command.arguments += ["--init-text", folder]
      let second = try command.run()
      #expect(second.status == 0 && second.survivors.isEmpty, "\(second.text)")
      #expect(second.lineCount("30 parameters taken") == 1, "\(second.text)")
      let losses = (try textLosses(frozen), try textLosses(trained))
      #expect(losses.0.count == 2 && abs(losses.0[0] - losses.1[0]) < 1e-4, "\(losses)")
      let report = try String(decoding: trained.bytes("initialization.txt"), as: UTF8.self)
      #expect(report.hasPrefix("Weights of the text encoder from \(folder)/model.safetensors"), "\(report)")

      let checkpoint = "\(trained.path)/checkpoints/\(RunFolder.checkpoint(2))"
      let (given, kept) = (
        try SafetensorsFile("\(folder)/model.safetensors"), try SafetensorsFile("\(checkpoint)/model.safetensors")
      )
      #expect(
        try given.read("text_model.embeddings.word_embeddings.weight") == kept.read("text_encoder.word_embedding"))
      #expect(
        try trained.bytes("checkpoints/\(RunFolder.checkpoint(2))/vocabulary.txt")
          == Data(contentsOf: URL(fileURLWithPath: "\(folder)/vocab.txt")))

      // Another vocabulary, or an encoder of other sizes, is told before the first step.
      let other = folder + "/other.txt"
      try Data("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n".utf8).write(to: URL(fileURLWithPath: other))
      for (setting, told) in [
        ("data.vocabulary='\(other)'", "The vocabulary is not that of the encoder"),
        ("model.text_encoder.hidden=32", "Set model.text_encoder.hidden=24"),
      ] {
        var command = try RunFolder("start-refused").train(ranks: 2, settings: training + [setting])
        command.arguments += ["--init-text", folder]
        let refused = try command.run()
        #expect(refused.status == 78 && refused.lineCount(told) == 1, "\(refused.text)")
        #expect(refused.survivors.isEmpty)
      }

      try FileManager.default.removeItem(atPath: folder)
      let again = try command.run()
      #expect(again.status == 0 && again.lineCount("resumed at step 2") == 1, "\(again.text)")
    }
  }
}
