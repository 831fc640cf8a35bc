import Checkpointing
import Collectives
import DataLoading
import Faults
import Foundation
import SGMNModel
import ShardFormat
import Testing
import TextEncoding

@testable import Training

/// Runs whose model encodes texts itself, from shards without any embedding.
@Suite struct TrainedTextTests {
  /// Two pairs of every product share a title; some clips say nothing, one title is blank.
  private static func text(_ number: Int) -> (title: String, asr: String) {
    (
      title: number == 4 ? " \n" : "红色 Dress \(number / 2)",
      asr: number % 5 == 3 ? "" : "this dress \(number) 很好看 " + String(repeating: "really ", count: number)
    )
  }

  /// Shards and a vocabulary of their texts, whose lines are at most `vocabulary_size`.
  private struct Fixture {
    let tiny: TinyRun
    let vocabulary: String
    let bytes: [UInt8]

    init() throws {
      tiny = try TinyRun(texts: TrainedTextTests.text)
      var words = WordCounts()
      for number in 0..<12 {
        words.add(TrainedTextTests.text(number).title)
        words.add(TrainedTextTests.text(number).asr)
      }
      bytes = VocabularyDraft(words, limit: 60).bytes
      vocabulary = "\(tiny.folder)/vocab.txt"
      try Data(bytes).write(to: URL(fileURLWithPath: vocabulary))
    }

    var configuration: RunConfiguration {
      var c = tiny.configuration
      c.data.vocabulary = vocabulary
      c.model.trainsText = true
      c.model.textEncoder.vocabularySize = 60
      (c.model.textEncoder.positions, c.model.textEncoder.tokens) = (10, 8)
      (c.model.textEncoder.width, c.model.textEncoder.heads, c.model.textEncoder.layers) = (12, 2, 1)
      (c.model.textEncoder.hidden, c.model.textEncoder.projection) = (16, 8)
      return c
    }

    func fault(_ change: (inout RunConfiguration) -> Void, out: String = "run-\(UUID())") throws -> Fault {
      var c = configuration
      change(&c)
      do {
        _ = try tiny.trainer(c, out: out)
      } catch let error as AgreedFault {
        return error.fault
      }
      throw Fault(.internalError, "the run began")
    }
  }

  @Test(arguments: [ModelConfiguration.TextFilterKind.linear, .gated])
  func aRunTrainsItsEncoderAndResumesBitwise(filter: ModelConfiguration.TextFilterKind) throws {
    let fixture = try Fixture()
    var configuration = fixture.configuration
    (configuration.model.textFilter, configuration.model.textTokenDim) = (filter, 12)
    let whole = try fixture.tiny.trainer(configuration, out: "whole")
    let before = whole.arena.values.floats()
    #expect(try whole.run() == .done)
    let after = whole.arena.values.floats()
    for entry in whole.arena.entries where entry.name.hasPrefix("text_encoder.") {
      #expect(Array(before[entry.range]) != Array(after[entry.range]), "\(entry.name)")
    }
    var first: Trainer? = try fixture.tiny.trainer(configuration, out: "cut")
    first?.stopAfterStep = 3
    #expect(try first?.run() == .stoppedWithCheckpoint)
    first = nil
    // Neither the file nor its name is needed any more.
    try FileManager.default.removeItem(atPath: fixture.vocabulary)
    if filter == .gated { configuration.data.vocabulary = "" }
    let second = try fixture.tiny.trainer(configuration, out: "cut")
    #expect(try second.run() == .done)
    #expect(second.arena.values.floats() == after)
    let trained = try TrainedModel("\(fixture.tiny.folder)/cut", backend: second.backend)
    #expect(trained.tokenizer?.vocabulary == fixture.bytes && trained.tokenizer?.limit == 8)
  }

  @Test func theRateOfTheEncoderIsItsOwn() throws {
    let fixture = try Fixture()
    var configuration = fixture.configuration
    configuration.optimizer.textRateScale = 0
    let run = try fixture.tiny.trainer(configuration, out: "frozen")
    let before = run.arena.values.floats()
    #expect(try run.run() == .done)
    let after = run.arena.values.floats()
    for entry in run.arena.entries {
      let isSame = Array(before[entry.range]) == Array(after[entry.range])
      if entry.name.hasPrefix("text_encoder.") { #expect(isSame, "\(entry.name)") }
      if entry.name.hasPrefix("asr.") || entry.name.hasPrefix("title.") { #expect(!isSame, "\(entry.name)") }
    }
    configuration.optimizer.backboneRateScale = 0.25
    configuration.optimizer.textRateScale = 0.5
    let scales = ["visual.proj", "text_encoder.projection", "asr.linear.weight", "tmc.kind"]
    #expect(scales.map { configuration.optimizer.rateScale(of: $0) } == [0.25, 0.5, 1, 1])
  }

  /// What the model gets is what the tokenizer makes of the texts of the samples; a blank text is none.
  @Test func batchesHoldTheTokensOfTheirTexts() throws {
    let fixture = try Fixture()
    let set = try ShardSet(folder: fixture.tiny.shards)
    let tokenizer = try TextTokenizer(vocabulary: fixture.bytes, path: "vocab.txt", limit: 8)
    let loader = try BatchLoader(
      set: set, configuration: LoaderConfiguration(pairsPerRank: 12, framesPerClip: 3, seed: 4))
    let batch = try loader.next()
    for pairs in [0..<12, 3..<7] {
      let part = PairBatch(batch, pairs: pairs, text: true, tokenizer: tokenizer)
      let numbers = batch.clipIDs[pairs].map { Int($0.dropFirst("clip-".count))! }
      #expect(part.title.ids == numbers.map { tokenizer.ids(of: Self.text($0).title) })
      #expect(part.asr.ids == numbers.map { tokenizer.ids(of: Self.text($0).asr) })
      #expect(part.title.isPresent == numbers.map { $0 != 4 } && part.asr.isPresent == numbers.map { $0 % 5 != 3 })
      #expect(part.asr.pooled.isEmpty && part.asr.ids.contains { $0.count == 8 })
      let blind = PairBatch(batch, pairs: pairs, text: false, tokenizer: tokenizer)
      #expect(blind.title.ids.isEmpty && blind.asr.isPresent.isEmpty)
    }
  }

  @Test func aVocabularyThatDoesNotFitIsRefused() throws {
    let fixture = try Fixture()
    let none = try fixture.fault { $0.data.vocabulary = "" }
    #expect(none.code == .configuration && none.what.contains("data.vocabulary names none"))
    let missing = try fixture.fault { $0.data.vocabulary += ".not" }
    #expect(missing.code == .inputMissing && missing.what == "No such vocabulary")
    #expect(missing.place == fixture.vocabulary + ".not" && missing.remedy == "Check data.vocabulary")
    let small = try fixture.fault { $0.model.textEncoder.vocabularySize = 59 }
    #expect(small.code == .configuration)
    #expect(small.what == "The vocabulary has 60 lines, model.text_encoder.vocabulary_size is 59")
    let useless = try fixture.fault { $0.model.trainsText = false }
    #expect(useless.code == .configuration && useless.what.hasPrefix("data.vocabulary: "))
    let broken = "\(fixture.tiny.folder)/broken.txt"
    try Data("[PAD]\n[UNK]\n".utf8).write(to: URL(fileURLWithPath: broken))
    let damaged = try fixture.fault { $0.data.vocabulary = broken }
    #expect(damaged.code == .badData && damaged.place == broken)
  }

  @Test func aRunDoesNotGoOnWithAnotherVocabulary() throws {
    let fixture = try Fixture()
    var configuration = fixture.configuration
    configuration.schedule.steps = 2
    #expect(try fixture.tiny.trainer(configuration, out: "run").run() == .done)
    // The same lines in another order are other words.
    var lines = String(decoding: fixture.bytes, as: UTF8.self).split(separator: "\n")
    lines.swapAt(6, 7)
    let other = "\(fixture.tiny.folder)/other.txt"
    try Data(lines.joined(separator: "\n").utf8).write(to: URL(fileURLWithPath: other))
    let refused = try fixture.fault({ ($0.data.vocabulary, $0.schedule.steps) = (other, 2) }, out: "run")
    #expect(refused.code == .configuration && refused.place == other)
    #expect(refused.what.hasPrefix("The vocabulary is not that of the checkpoint"))
    // Whoever compares checkpoints is told.
    var changed = configuration
    changed.data.vocabulary = other
    #expect(try fixture.tiny.trainer(changed, out: "other").run() == .done)
    let folder = fixture.tiny.folder
    let difference = try CheckpointComparison("\(folder)/run", "\(folder)/other") { _ in }
    #expect(difference.parts.map(\.title).contains("vocabulary"))
    #expect(try CheckpointComparison("\(folder)/run", "\(folder)/run") { _ in }.areEqual)
    // Elsewhere it may lie.
    let copy = "\(fixture.tiny.folder)/copy.txt"
    try Data(fixture.bytes).write(to: URL(fileURLWithPath: copy))
    configuration.data.vocabulary = copy
    #expect(try fixture.tiny.trainer(configuration, out: "run").run() == .done)
  }

  @Test func exportsBringTheVocabularyWhereTheyBringTheEncoder() throws {
    let fixture = try Fixture()
    var configuration = fixture.configuration
    configuration.schedule.steps = 1
    #expect(try fixture.tiny.trainer(configuration, out: "run").run() == .done)
    let folder = fixture.tiny.folder
    try WeightExport.writeONNX("\(folder)/run", to: "\(folder)/onnx") { _ in }
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: "\(folder)/onnx").sorted() == [
        "asr_encoder.onnx", "clip_encoder.onnx", "image_encoder.onnx", "title_encoder.onnx", "vocabulary.txt",
        "weights.safetensors",
      ])
    let kept = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/onnx/vocabulary.txt"))
    #expect(kept == Data(fixture.bytes))
    let onnx = try SafetensorsFile("\(folder)/onnx/weights.safetensors")
    #expect(onnx.tensors.keys.count { $0.hasPrefix("text_encoder.") } == 5 + 12 + 1)
    // The image encoder alone.
    try WeightExport.writeHuggingFace("\(folder)/run", to: "\(folder)/hf", as: .float32) { _ in }
    let files = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/hf").sorted()
    #expect(files == ["config.json", "model.safetensors", "preprocessor_config.json"])
    try WeightExport.write("\(folder)/run", to: "\(folder)/all.safetensors", as: .f16) { _ in }
    #expect(try SafetensorsFile("\(folder)/all.safetensors").tensors["text_encoder.word_embedding"]?.shape == [60, 12])
  }

  @Test func shardsWithoutEmbeddingsAreRefusedWhereNothingEncodesTexts() throws {
    let fixture = try Fixture()
    let fault = try fixture.fault { ($0.model.trainsText, $0.data.vocabulary) = (false, "") }
    #expect(
      fault.what == "The shards hold no text embeddings" && fault.remedy?.contains("model.trains_text=true") == true)
  }
}
