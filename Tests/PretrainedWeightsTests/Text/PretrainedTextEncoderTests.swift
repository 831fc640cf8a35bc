import Checkpointing
import Faults
import Foundation
import ReferenceLibraries
import TensorCore
import Testing
import TextEncoding
import WeightFiles

@testable import PretrainedWeights

/// Features against those of transformers (scripts/references/text_encoder.py).
@Suite(.serialized) struct PretrainedTextEncoderTests {
  private let cpu = CPUBackend()

  private func fixture() throws -> URL {
    try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures/chinese-clip-small")
  }

  private func texts(_ folder: URL) throws -> [String] {
    try JSONDecoder().decode([String].self, from: Data(contentsOf: folder.appendingPathComponent("texts.json")))
  }

  /// The largest difference to what transformers computed, of pooled embeddings and of tokens.
  private func errors(of features: [TextFeatures], in folder: URL) throws -> (pooled: Float, tokens: Float) {
    let expected = try WeightFiles.open(folder.appendingPathComponent("expected.safetensors").path)
    #expect(try features.map { Float($0.tokenCount) } == expected.floats("lengths"))
    let difference = { (a: [Float], b: [Float]) throws -> Float in
      try #require(a.count == b.count)
      return zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) }
    }
    return (
      try difference(features.flatMap(\.pooled), expected.floats("pooled")),
      try difference(features.flatMap(\.tokens), expected.floats("tokens"))
    )
  }

  @Test func equalsTransformersOnItsFixture() throws {
    let folder = try fixture()
    let encoder = try PretrainedTextEncoder(.init(folder: folder.path), backend: cpu)
    #expect(encoder.width == 12 && encoder.tokenWidth == 16 && encoder.tokenLimit == 52)
    let weights = folder.appendingPathComponent("model.safetensors").path
    let told = "text encoder \(encoder.name) from \(weights): 30 parameters taken, "
    #expect(encoder.summary.hasPrefix(told), "\(encoder.summary)")
    #expect(encoder.summary.hasSuffix("not used, 0 unexpected"), "\(encoder.summary)")
    let errors = try errors(of: encoder.features(of: texts(folder)), in: folder)
    #expect(errors.pooled < 2e-5 && errors.tokens < 2e-5, "\(errors)")
  }

  @Test(
    .enabled(if: ReferencePython.path != nil),
    arguments: [("chinese-clip", "base", 512), ("bert", "base", 768), ("bert", "small", 16)])
  func equalsTransformers(kind: String, size: String, width: Int) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("text-\(UUID())")
    defer { try? FileManager.default.removeItem(at: folder) }
    try ReferencePython.run("text_encoder.py", [folder.path, kind, size])
    let encoder = try PretrainedTextEncoder(.init(folder: folder.path), backend: cpu)
    #expect(encoder.width == width && encoder.name.hasPrefix("\(kind)-\(width)-") && encoder.name.hasSuffix("-52"))
    let errors = try errors(of: encoder.features(of: texts(folder)), in: folder)
    #expect(errors.pooled < 1e-4 && errors.tokens < 1e-4, "\(errors)")
  }

  /// Batches are of similar lengths; in which one a text is changes nothing but rounding.
  @Test func batchesDoNotMatter() throws {
    let folder = try fixture()
    let files = try PretrainedTextEncoder.Files(folder: folder.path)
    let small = try PretrainedTextEncoder(files, batchTokenCount: 1, backend: cpu)
    let errors = try errors(of: small.features(of: texts(folder)), in: folder)
    #expect(errors.pooled < 2e-5 && errors.tokens < 2e-5, "\(errors)")
    #expect(try small.features(of: []).isEmpty)
  }

  @Test func bfloat16IsNear() throws {
    let folder = try fixture()
    let files = try PretrainedTextEncoder.Files(folder: folder.path)
    let encoder = try PretrainedTextEncoder(files, operandFormat: .bfloat16, backend: cpu)
    let errors = try errors(of: encoder.features(of: texts(folder)), in: folder)
    #expect(errors.pooled > 1e-4 && errors.pooled < 0.05 && errors.tokens < 0.1, "\(errors)")
  }

  @Test func theLimitCuts() throws {
    let folder = try fixture()
    let encoder = try PretrainedTextEncoder(.init(folder: folder.path), tokenLimit: 5, backend: cpu)
    let features = try encoder.features(of: ["a b c d e f", "a"])
    #expect(features.map(\.tokenCount) == [5, 3] && features.map(\.tokens.count) == [80, 48])
  }

  @Test func theNameIsOfWeightsVocabularyAndOptions() throws {
    let folder = try fixture()
    var files = try PretrainedTextEncoder.Files(folder: folder.path)
    let name = try PretrainedTextEncoder(files, backend: cpu).name
    #expect(name.wholeMatch(of: /chinese-clip-12-[0-9a-f]{8}-[0-9]+/) != nil)
    #expect(try PretrainedTextEncoder(files, operandFormat: .bfloat16, backend: cpu).name == name)
    let other = folder.deletingLastPathComponent().appendingPathComponent("\(UUID())")
    try FileManager.default.createDirectory(at: other, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: other) }
    files.tokenizerSettings = other.appendingPathComponent("tokenizer_config.json").path
    try Data(#"{"do_lower_case": false}"#.utf8).write(to: URL(fileURLWithPath: files.tokenizerSettings!))
    let cased = try PretrainedTextEncoder(files, backend: cpu)
    #expect(cased.name != name && !cased.tokenizer.options.lowersCase)
    files.tokenizerSettings = nil
    files.vocabulary = other.appendingPathComponent("vocab.txt").path
    let lines = try String(contentsOf: folder.appendingPathComponent("vocab.txt"), encoding: .utf8)
    try Data(lines.replacing("[unused1]\n", with: "[unused01]\n").utf8).write(
      to: URL(fileURLWithPath: files.vocabulary))
    #expect(try PretrainedTextEncoder(files, backend: cpu).name != name)
    try Data((lines + "more\n").utf8).write(to: URL(fileURLWithPath: files.vocabulary))
    expectRefusal(files, "301 lines, the weights are for 300")
  }

  @Test(arguments: [
    (#"{"model_type": "roberta"}"#, "\"roberta\", which is not BERT"),
    (#"{"hidden_act": "relu", "num_attention_heads": 4}"#, "hidden_act relu"),
    (#"{"text_config": {"layer_norm_eps": 1e-5}}"#, "layer_norm_eps 1e-05, this encoder computes 1e-12"),
    (#"{"position_embedding_type": "relative_key"}"#, "position_embedding_type relative_key"),
    (#"{"text_config": {"num_attention_heads": 4, "num_hidden_layers": 12}}"#, "num_hidden_layers 12, the weights"),
    (#"{"num_attention_heads": 4, "num_hidden_layers": 1}"#, "num_hidden_layers 1, the weights have 2"),
    (#"{"num_attention_heads": 4, "hidden_size": 32}"#, "hidden_size 32, the weights have 16"),
    (#"{"text_config": {"num_attention_heads": 4, "vocab_size": 301}}"#, "vocab_size 301, the weights have 300"),
    (#"{"num_attention_heads": 3}"#, "does not divide into 3 heads"),
    (#"{"num_attention_heads": -1}"#, "-1 heads"), (#"{"text_config": 3}"#, "text_config"),
    (#"{"#, "cannot be read"), ("{}", "does not divide into heads of 64"),
  ]) func otherArchitecturesAreRefused(settings: String, message: String) throws {
    var files = try PretrainedTextEncoder.Files(folder: fixture().path)
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).json")
    defer { try? FileManager.default.removeItem(at: path) }
    try Data(settings.utf8).write(to: path)
    files.settings = path.path
    expectRefusal(files, message)
  }

  @Test func limitsWithoutPositionsAreRefused() throws {
    let files = try PretrainedTextEncoder.Files(folder: fixture().path)
    for limit in [-1, 2, 65] {
      let fault = #expect(throws: Fault.self) { try PretrainedTextEncoder(files, tokenLimit: limit, backend: cpu) }
      #expect(fault?.code == .configuration)
    }
  }

  /// Of a weight that only some texts read.
  @Test func featuresThatAreNotFiniteAreRefused() throws {
    let folder = try fixture()
    var files = try PretrainedTextEncoder.Files(folder: folder.path)
    var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: files.weights)))
    let name = "text_model.embeddings.position_embeddings.weight"
    let start = try SafetensorsFile(files.weights).entry(name).range.lowerBound
    let headerByteCount = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    // The highest bits of the first number of position 4.
    let place = 8 + headerByteCount + start + 4 * 16 * 4
    (bytes[place + 2], bytes[place + 3]) = (0x80, 0x7F)
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).safetensors")
    defer { try? FileManager.default.removeItem(at: path) }
    try Data(bytes).write(to: path)
    files.weights = path.path
    let encoder = try PretrainedTextEncoder(files, backend: cpu)
    #expect(try encoder.features(of: ["a b"]).count == 1)
    let fault = #expect(throws: Fault.self) { try encoder.features(of: ["a b c"]) }
    #expect(fault?.code == .notFinite && fault?.place == path.path)
  }

  @Test func aFolderWithoutWeightsIsRefused() throws {
    let fault = #expect(throws: Fault.self) { try PretrainedTextEncoder.Files(folder: "/nowhere") }
    #expect(fault?.what == "There is no model.safetensors and no pytorch_model.bin" && fault?.code == .inputMissing)
  }

  private func expectRefusal(
    _ files: PretrainedTextEncoder.Files, _ message: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let fault = #expect(throws: Fault.self, sourceLocation: sourceLocation) {
      try PretrainedTextEncoder(files, backend: cpu)
    }
    #expect(
      fault?.code == .badData && "\(fault!)".contains(message), "\(fault.map { "\($0)" } ?? "")",
      sourceLocation: sourceLocation)
  }
}
