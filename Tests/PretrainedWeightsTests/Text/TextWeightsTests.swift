import Faults
import Foundation
import NeuralNetworks
import Testing
import TextModel
import WeightFiles

@testable import PretrainedWeights

@Suite struct TextWeightsTests {
  /// Another file's tensors under other names, with or without some.
  private struct Renamed: WeightFile {
    var path: String { file.path }
    var format: String { file.format }
    var file: any WeightFile
    /// The file's own name of every tensor.
    var names: [String: String]
    /// Matrices that are given with their axes exchanged.
    var transposed: Set<String> = []

    /// - Parameter rename: the new name of a tensor; nil leaves it out.
    init(_ file: any WeightFile, _ rename: (String) -> String?) {
      self.file = file
      names = Dictionary(uniqueKeysWithValues: file.shapes.keys.compactMap { name in rename(name).map { ($0, name) } })
    }

    var shapes: [String: [Int]] {
      Dictionary(
        uniqueKeysWithValues: names.map { name, own in
          (name, transposed.contains(name) ? file.shapes[own]!.reversed() : file.shapes[own]!)
        })
    }

    func floats(_ name: String) throws -> [Float] {
      let values = try file.floats(names[name]!)
      guard transposed.contains(name), let shape = shapes[name] else { return values }
      return (0..<shape[0]).flatMap { row in (0..<shape[1]).map { values[$0 * shape[0] + row] } }
    }
  }

  private let file: any WeightFile

  init() throws {
    let folder = try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures/chinese-clip-small")
    file = try WeightFiles.open(folder.appendingPathComponent("model.safetensors").path)
  }

  private func values(_ file: any WeightFile) throws -> [String: [Float]] {
    let weights = try TextWeights(file, heads: 4)
    return try Dictionary(uniqueKeysWithValues: weights.map.sources.keys.map { ($0, try weights.values(of: $0)) })
  }

  @Test func sizesAreThoseOfTheShapes() throws {
    let map = try TextWeights(file, heads: 4).map
    var c = BERTConfiguration()
    (c.vocabularySize, c.positions, c.width, c.layers) = (300, 64, 16, 2)
    (c.heads, c.hidden, c.segments, c.projection) = (4, 24, 2, 12)
    #expect(map.configuration == c && map.kind == .chineseCLIP)
    #expect(map.report.taken.count == 30 && map.report.taken.contains("text_encoder.transformer.resblocks.1.ln_2.bias"))
    #expect(map.report.missing.isEmpty && map.report.unexpected.isEmpty && map.report.shapeDiffers.isEmpty)
    #expect(map.report.notUsed.contains("logit_scale") && map.report.notUsed.contains("visual_projection.weight"))
    #expect(map.report.notUsed.count + 30 + 2 * 2 * 2 == file.shapes.count)
  }

  @Test func everyParameterOfTheEncoderHasASource() throws {
    let map = try TextWeights(file, heads: 4).map
    var visitor = ParameterVisitor()
    BERTEncoder(map.configuration).visitParameters(&visitor)
    #expect(Set(visitor.found.map(\.name)) == Set(map.sources.keys))
    for (name, parameter) in visitor.found {
      let source = try #require(map.sources[name])
      #expect(source.shape == parameter.shape)
    }
  }

  @Test func packedProjectionsAreQueryKeyValue() throws {
    let weights = try TextWeights(file, heads: 4)
    let parts = try ["query", "key", "value"].map {
      try file.floats("text_model.encoder.layer.1.attention.self.\($0).weight")
    }
    #expect(try weights.values(of: "transformer.resblocks.1.attn.in_proj_weight") == parts.flatMap { $0 })
  }

  @Test(arguments: ["module.text_model.", "bert.", "module.bert.", "text_model."])
  func theAuthorsNamesAreUnderstood(prefix: String) throws {
    let outer = prefix.hasPrefix("module.") ? "module." : ""
    var renamed = Renamed(file) { name in
      if name == "text_projection.weight" { return outer + "text_projection" }
      guard name.hasPrefix("text_model.") else { return outer + "visual." + name }
      return prefix + name.dropFirst("text_model.".count)
    }
    renamed.transposed = [outer + "text_projection"]
    #expect(renamed.shapes[outer + "text_projection"] == [16, 12])
    #expect(try values(renamed) == values(file))
  }

  @Test func plainBERTIsUnderstood() throws {
    for prefix in ["", "bert.", "model."] {
      let renamed = Renamed(file) { name in
        guard name.hasPrefix("text_model.") else { return name.hasPrefix("vision") ? "cls." + name : nil }
        return (prefix + name.dropFirst("text_model.".count)).replacing("LayerNorm.weight", with: "LayerNorm.gamma")
          .replacing("LayerNorm.bias", with: "LayerNorm.beta")
      }
      let weights = try TextWeights(renamed, heads: 4)
      #expect(weights.map.kind == .bert && weights.map.configuration.projection == 0)
      #expect(weights.map.report.unexpected.isEmpty)
      var expected = try values(file)
      expected["projection"] = nil
      #expect(try values(renamed) == expected)
    }
  }

  @Test func whatNobodyAskedForIsReported() throws {
    let renamed = Renamed(file) { $0 == "logit_scale" ? "classifier.weight" : $0 }
    let map = try TextWeights(renamed, heads: 4).map
    #expect(map.report.unexpected == ["classifier.weight"])
    #expect(
      map.summary
        == "30 parameters taken, \(map.report.notUsed.count) tensors of other parts not used, 1 unexpected: classifier.weight"
    )
  }

  @Test func whatIsNotWholeIsRefused() throws {
    let without = { (part: String) in Renamed(self.file) { $0.contains(part) ? nil : $0 } }
    expectRefusal(
      without("layer.1.output.dense.bias"),
      "1 tensors of a text encoder are missing: text_encoder.transformer.resblocks.1.mlp.c_proj.bias: "
        + "no text_model.encoder.layer.1.output.dense.bias")
    expectRefusal(without("layer.0."), "1 layers of a text encoder, numbered 1 to 1")
    expectRefusal(without("layer."), "without text_model.encoder.layer.0.intermediate.dense.weight")
    expectRefusal(without("position_embeddings"), "without text_model.embeddings.position_embeddings.weight")
    expectRefusal(without("word_embeddings"), "no tensor embeddings.word_embeddings.weight")
  }

  @Test func whatIsNotBERTIsRefused() throws {
    let renamed = { (old: String, new: String) in Renamed(self.file) { $0.replacing(old, with: new) } }
    expectRefusal(renamed("text_model.", "roberta."), "called \"roberta\"")
    expectRefusal(
      renamed("logit_scale", "text_model.encoder.layer.0.adapter.weight"),
      "1 tensors of the text encoder have no place in BERT")
    expectRefusal(renamed("visual_projection.weight", "a.embeddings.word_embeddings.weight"), "2 text encoders")
    expectRefusal(renamed("logit_scale", "text_projection.bias"), "have no place in BERT: text_projection.bias")
  }

  @Test func shapesThatDoNotGoTogetherAreRefused() throws {
    var exchanged = Renamed(file) { $0 }
    exchanged.transposed = ["text_model.encoder.layer.1.intermediate.dense.weight"]
    expectRefusal(exchanged, "resblocks.1.mlp.c_fc.weight: file [16, 24], model [24, 16]")
    exchanged.transposed = ["text_projection.weight"]
    expectRefusal(exchanged, "projection: file [16, 12], model [16, 16]")
  }

  private func expectRefusal(
    _ file: any WeightFile, _ message: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let fault = #expect(throws: Fault.self, sourceLocation: sourceLocation) { try TextWeights(file, heads: 4) }
    #expect(
      fault?.code == .badData && "\(fault!)".contains(message), "\(fault.map { "\($0)" } ?? "")",
      sourceLocation: sourceLocation)
  }
}
