import Faults
import Foundation
import NeuralNetworks
import SGMNModel
import TensorCore
import Testing
import WeightFiles

@testable import PretrainedWeights

@Suite struct TextImportTests {
  private let folder: String
  private let files: PretrainedTextEncoder.Files

  init() throws {
    folder = try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures/chinese-clip-small").path
    files = try PretrainedTextEncoder.Files(folder: folder)
  }

  /// A model whose text encoder is as large as the file's.
  private static var fitting: ModelConfiguration {
    var c = ImportPlanTests.tiny
    (c.text, c.trainsText, c.textDim) = (true, true, 12)
    var t = TextEncoderConfiguration()
    (t.vocabularySize, t.tokens, t.positions, t.width, t.layers) = (300, 20, 64, 16, 2)
    (t.heads, t.hidden, t.segments, t.projection) = (4, 24, 2, 12)
    c.textEncoder = t
    return c
  }

  private func arena(_ c: ModelConfiguration) throws -> ParameterArena {
    ParameterArena(try SGMN(c), seed: 3, backend: CPUBackend())
  }

  @Test func allOfTheEncoderIsTheFilesAndNothingElse() throws {
    let (arena, fresh) = (try arena(Self.fitting), try arena(Self.fitting))
    try TextImport(files, model: Self.fitting).write(into: arena)
    let weights = try files.openWeights()
    var count = 0
    for (entry, start) in zip(arena.entries, fresh.entries) {
      let values = entry.parameter.value.floats()
      if entry.name.hasPrefix("text_encoder.") {
        #expect(try values == weights.values(of: String(entry.name.dropFirst("text_encoder.".count))), "\(entry.name)")
        count += 1
      } else {
        #expect(values == start.parameter.value.floats(), "\(entry.name)")
      }
    }
    #expect(count == 30)
  }

  @Test func anEncoderOfOtherSizesIsRefusedWithTheSettings() throws {
    var c = Self.fitting
    (c.textEncoder.width, c.textEncoder.positions, c.textEncoder.tokens) = (32, 80, 70)
    (c.textEncoder.projection, c.textDim) = (0, 32)
    let (arena, fresh) = (try arena(c), try arena(c))
    let weights = try TextImport(files, model: c)
    let fault = #expect(throws: Fault.self) { try weights.write(into: arena) }
    #expect(fault?.code == .configuration)
    #expect(
      fault?.remedy
        == "Set model.text_encoder.positions=64 model.text_encoder.width=16 model.text_encoder.projection=12 "
        + "model.text_dim=12 model.text_encoder.tokens=64")
    #expect(arena.values.floats() == fresh.values.floats())
    // What the remedy says is one.
    #expect(TextImport.settings(of: Self.fitting.textEncoder.bert, differingFrom: Self.fitting).isEmpty)
  }

  @Test func aGatedFilterIsAsWideAsTheTokens() throws {
    var c = Self.fitting
    (c.textFilter, c.textTokenDim) = (.gated, 8)
    #expect(TextImport.settings(of: c.textEncoder.bert, differingFrom: c) == ["model.text_token_dim=16"])
  }

  @Test func anEncoderThatKeepsCaseIsRefused() throws {
    let options = NSTemporaryDirectory() + "tokenizer-\(UUID().uuidString).json"
    defer { try? FileManager.default.removeItem(atPath: options) }
    for (text, fits) in [
      (#"{"do_lower_case": false}"#, false), (#"{"strip_accents": false}"#, false),
      (#"{"tokenize_chinese_chars": false}"#, false), (#"{"do_lower_case": true, "strip_accents": null}"#, true),
    ] {
      try Data(text.utf8).write(to: URL(fileURLWithPath: options))
      var files = files
      files.tokenizerSettings = options
      if fits {
        _ = try TextImport(files, model: Self.fitting)
      } else {
        #expect(throws: Fault.self) { try TextImport(files, model: Self.fitting) }
      }
    }
  }

  /// A file of CLIP's beside it does not report the encoder as left at random.
  @Test func theVisualFileLeavesItAlone() throws {
    let c = Self.fitting
    let file = MemoryWeights(CLIPShapes.openAI(c))
    for leavesText in [false, true] {
      let weights = try WeightImport(.visual, file: file, arena: try arena(c), model: c, leavesText: leavesText)
      #expect(weights.report.untouched.contains { $0.hasPrefix("text_encoder.") } == !leavesText)
    }
  }
}
