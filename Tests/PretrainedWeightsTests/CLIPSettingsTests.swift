import Checkpointing
import Faults
import Foundation
import NeuralNetworks
import SGMNModel
import TensorCore
import Testing

@testable import PretrainedWeights

/// `config.json` beside a file of weights.
@Suite struct CLIPSettingsTests {
  private func arena(_ c: ModelConfiguration) throws -> ParameterArena {
    ParameterArena(try SGMN(c), seed: 1, backend: CPUBackend())
  }

  /// Imports a file with `settings` beside it.
  private func check(_ settings: String?, _ change: (inout ModelConfiguration) -> Void = { _ in }) throws {
    var c = ImportPlanTests.tiny
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("clip-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("model.safetensors").path
    let shapes = CLIPShapes.huggingFace(c, textWidth: 4, textLayers: 2)
    let zeros = [Float](repeating: 0, count: shapes.values.map { $0.reduce(1, *) }.max() ?? 0)
    try zeros.withUnsafeBytes { bytes in
      _ = try SafetensorsWriter.write(
        path: path,
        tensors: shapes.sorted { $0.key < $1.key }.map { name, shape in
          .init(
            name: name, type: .float32, shape: shape,
            bytes: UnsafeRawBufferPointer(rebasing: bytes[..<(4 * shape.reduce(1, *))]))
        })
    }
    if let settings { try Data(settings.utf8).write(to: folder.appendingPathComponent("config.json")) }
    change(&c)
    try WeightImport(.visual, path: path, arena: arena(c), model: c).plan.check()
  }

  @Test(arguments: [
    nil, "{}", #"{"vision_config": {}}"#, #"{"model_type": "bert", "hidden_act": "gelu", "num_attention_heads": 12}"#,
    #"{"vision_config": {"hidden_act": "quick_gelu"}, "text_config": {"num_attention_heads": 2}}"#,
    #"{"model_type": "clip_vision_model", "hidden_act": "quick_gelu", "num_attention_heads": 2}"#,
  ]) func whatGoesTogetherIsTaken(_ settings: String?) throws { try check(settings) }

  @Test(arguments: [
    (#"{"vision_config": {"hidden_act": "gelu"}}"#, "hidden_act gelu of the image encoder"),
    (#"{"model_type": "clip_vision_model", "hidden_act": "gelu"}"#, "hidden_act gelu of the image encoder"),
    (#"{"vision_config": {"num_attention_heads": 4}}"#, "Set model.heads=4, or"),
    (#"{"model_type": "clip_vision_model", "num_attention_heads": 1}"#, "Set model.heads=1, or"),
    (#"{"vision_config": {}, "text_config": {"num_attention_heads": 4}}"#, "model.tmc_heads=4 model.smf_heads=4, or"),
  ]) func anotherArchitectureIsRefused(_ settings: String, _ told: String) throws {
    let fault = try #require(#expect(throws: Fault.self) { try check(settings) })
    #expect(fault.code == .configuration && "\(fault.what) \(fault.remedy ?? "")".contains(told), "\(fault)")
  }

  @Test(arguments: ["{", "[]", #"{"vision_config": 3}"#, #"{"vision_config": {"num_attention_heads": "x"}}"#])
  func whatCannotBeReadIsBadData(_ settings: String) throws {
    #expect(#expect(throws: Fault.self) { try check(settings) }?.code == .badData)
  }

  @Test func settingsHaveABoundedSize() throws {
    let settings = #"{"vision_config": {}}"# + String(repeating: " ", count: 1 << 20)
    #expect(throws: Fault.self) { try check(settings) }
  }

  /// What it says is believed, whatever is usual.
  @Test func statedHeadsAreNoMatterOfANote() throws {
    var stated = CLIPSettings()
    stated.visual.heads = 4
    let c = encoderConfiguration(width: 128, layers: 1, heads: 4, patch: 8, embedDim: 8, resolution: 32)
    let targets = try arena(c).entries.map { ($0.name, $0.parameter.shape) }
    let plan = try ImportPlan(
      .visual, shapes: CLIPShapes.openAI(c), targets: targets, model: c, path: "FILE", stated: stated)
    try plan.check()
    #expect(plan.report.notes.isEmpty, "\(plan.report.notes)")
  }
}
