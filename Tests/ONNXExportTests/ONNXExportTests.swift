import Checkpointing
import Faults
import Foundation
import SGMNModel
import Testing
import WeightFiles

@testable import ONNXExport

/// The folder and the graphs in it, without running them.
@Suite final class ONNXExportTests {
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("onnx-export-\(UUID())").path

  init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder).sorted() }

  private func code(_ c: ModelConfiguration, _ weights: any WeightFile, to name: String) -> ExitCode? {
    do {
      try ONNXExport.write(c, weights: weights, to: "\(folder)/\(name)")
      return nil
    } catch { return (error as? Fault)?.code }
  }

  @Test(arguments: [true, false]) func theFolderHoldsTheEncodersAndTheirWeights(text: Bool) throws {
    let c = ModelConfiguration.tiny.with { ($0.gci, $0.text) = (true, text) }
    let random = try RandomModel(c.with { ($0.gciHeads, $0.connectionRatio) = (2, 0.5) })
    let out = "\(folder)/out"
    let byteCount = try ONNXExport.write(random.model.configuration, weights: random, metadata: ["step": "3"], to: out)
    let files = try FileManager.default.contentsOfDirectory(atPath: out).sorted()
    let textFiles = text ? ["asr_encoder.onnx", "title_encoder.onnx"] : []
    #expect(files == (textFiles + ["clip_encoder.onnx", "image_encoder.onnx", "weights.safetensors"]).sorted())
    #expect(
      try files.reduce(0) { $0 + (try Data(contentsOf: URL(fileURLWithPath: "\(out)/\($1)")).count) } == byteCount)

    let weights = try SafetensorsFile("\(out)/weights.safetensors")
    let inference = random.shapes.filter { !$0.key.hasPrefix("gci.") }
    #expect(weights.tensors.mapValues(\.shape) == inference && inference.count < random.shapes.count)
    for name in inference.keys { #expect(try weights.floats(name) == random.floats(name), "\(name)") }
    #expect(weights.metadata["step"] == "3" && weights.metadata["format"] == "pt")
  }

  @Test func equalModelsHaveEqualBytes() throws {
    let random = try RandomModel(.tiny)
    for name in ["a", "b"] {
      try ONNXExport.write(.tiny, weights: random, metadata: ["z": "1", "a": "2"], to: "\(folder)/\(name)")
    }
    for file in try FileManager.default.contentsOfDirectory(atPath: "\(folder)/a") {
      let bytes = try ["a", "b"].map { try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\($0)/\(file)")) }
      #expect(bytes[0] == bytes[1], "\(file)")
    }
  }

  @Test(arguments: [
    ModelConfiguration.tiny, .tiny.with { $0.textFilter = .gated }, .tiny.with { $0.padding = .release },
    .tiny.with { ($0.frames, $0.text) = (1, false) },
  ]) func everyNodeFindsItsInputsBeforeIt(c: ModelConfiguration) throws {
    for graph in GraphBuilder.inferenceGraphs(of: c, shapes: try ONNXExport.parameterShapes(of: c)) {
      let proto = graph.graph(weights: "w") { _ in 0..<4 }
      var known = Set(proto.input.map(\.name) + proto.initializer.map(\.name))
      #expect(known.count == proto.input.count + proto.initializer.count)
      for node in proto.node {
        #expect(known.isSuperset(of: node.input), "\(node)")
        for output in node.output { #expect(known.insert(output).inserted, "\(output) is there twice") }
      }
      #expect(proto.output.map(\.name) == ["embedding"] && known.contains("embedding"))
      #expect(Set(proto.node.map(\.name)).count == proto.node.count)
    }
  }

  @Test func anOutputThatExistsIsKept() throws {
    let random = try RandomModel(.tiny)
    try FileManager.default.createDirectory(atPath: "\(folder)/out", withIntermediateDirectories: true)
    #expect(code(.tiny, random, to: "out") == .outputUnavailable)
    #expect(code(.tiny, random, to: "none/out") == .outputUnavailable)
    #expect(try names() == ["out"])
    #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder)/out").isEmpty)
  }

  @Test func weightsOfAnotherModelAreRefused() throws {
    let random = try RandomModel(.tiny)
    let fault = #expect(throws: Fault.self) {
      try ONNXExport.write(.tiny.with { $0.embedDim = 16 }, weights: random, to: "\(folder)/out")
    }
    #expect(fault?.code == .configuration)
    #expect(fault?.what == "asr.linear.bias is of shape [8], the model has [16]")
    let deeper = #expect(throws: Fault.self) {
      try ONNXExport.write(.tiny.with { $0.layers = 3 }, weights: random, to: "\(folder)/out")
    }
    #expect(deeper?.what.hasPrefix("visual.transformer.resblocks.2.attn.in_proj_bias is missing") == true)
    #expect(code(.tiny.with { $0.heads = 5 }, random, to: "out") == .configuration)
    #expect(try names() == [])
  }

  /// A file whose tensors are shorter than it says, as one that is cut while it is read.
  private struct ShortWeights: WeightFile {
    let source: RandomModel
    let path = "short"
    let format = "test"
    var shapes: [String: [Int]] { source.shapes }
    func floats(_ name: String) throws -> [Float] { try source.floats(name).dropLast(name == "tmc.kind" ? 1 : 0) }
  }

  @Test func whatFailsLeavesNothingBehind() throws {
    #expect(code(.tiny, ShortWeights(source: try RandomModel(.tiny)), to: "out") == .badData)
    #expect(try names() == [])
  }
}
