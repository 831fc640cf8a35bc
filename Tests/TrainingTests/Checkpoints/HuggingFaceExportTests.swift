import Checkpointing
import Faults
import Foundation
import ReferenceLibraries
import TensorCore
import Testing

@testable import Training

/// `checkpoint export --format huggingface` of a real run.
@Suite struct HuggingFaceExportTests {
  private let tiny: TinyRun
  private var run: String { "\(tiny.folder)/run" }
  private var out: String { "\(tiny.folder)/exported" }

  init() throws {
    tiny = try TinyRun()
    #expect(try tiny.trainer(tiny.configuration, out: "run").run() == .done)
  }

  private func object(_ file: String) throws -> [String: Any] {
    let data = try Data(contentsOf: URL(fileURLWithPath: "\(out)/\(file)"))
    return try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  @Test func theFolderSaysWhatTheEncoderIs() throws {
    let byteCount = try WeightExport.writeHuggingFace(run, to: out, as: .float32) { Issue.record("\($0)") }
    let file = try SafetensorsFile("\(out)/model.safetensors")
    #expect(
      try FileManager.default.attributesOfItem(atPath: "\(out)/model.safetensors")[.size] as? Int == byteCount)
    #expect(file.metadata["format"] == "pt" && file.metadata["step"] == "8")
    #expect(file.tensors["visual_projection.weight"]?.shape == [16, 24])
    #expect(file.tensors.keys.allSatisfy { $0.hasPrefix("vision_model.") || $0 == "visual_projection.weight" })
    let configuration = try object("config.json")
    for (key, value) in [
      ("hidden_size", 24), ("intermediate_size", 96), ("num_hidden_layers", 1), ("num_attention_heads", 2),
      ("image_size", 16), ("patch_size", 8), ("projection_dim", 16),
    ] { #expect(configuration[key] as? Int == value, "\(key)") }
    let preprocessor = try object("preprocessor_config.json")
    #expect(preprocessor["image_mean"] as? [Double] == [0.48145466, 0.4578275, 0.40821073])
    #expect(preprocessor["image_std"] as? [Double] == [0.26862954, 0.26130258, 0.27577711])
    #expect(preprocessor["size"] as? [String: Int] == ["shortest_edge": 16])
    let fault = #expect(throws: Fault.self) {
      try WeightExport.writeHuggingFace(run, to: out, as: .float32) { _ in }
    }
    #expect(fault?.code == .outputUnavailable)
  }

  @Test(.enabled(if: ReferencePython.path != nil)) func transformersLoadsTheSameEncoder() throws {
    try WeightExport.writeHuggingFace(run, to: out, as: .float32) { Issue.record("\($0)") }
    let loaded = "\(tiny.folder)/loaded.safetensors"
    try ReferencePython.run("clip_folder.py", [out, loaded])
    let (read, trained) = (try SafetensorsFile(loaded), try TrainedModel(run, backend: CPUBackend()))
    let visual = trained.arena.entries.filter { $0.name.hasPrefix("visual.") }
    #expect(Set(read.tensors.keys) == Set(visual.map(\.name)).union(["pictures", "embeddings"]))
    for entry in visual {
      #expect(read.tensors[entry.name]?.shape == entry.parameter.shape)
      let bits = try read.floats(entry.name).map(\.bitPattern)
      #expect(bits == entry.parameter.value.floats().map(\.bitPattern), "\(entry.name)")
    }
    let ours = trained.model.imageEmbeddings(try read.bytes("pictures"), backend: CPUBackend()).floats()
    for (our, their) in zip(ours, try read.floats("embeddings")) { #expect(abs(our - their) < 1e-5) }
  }
}
