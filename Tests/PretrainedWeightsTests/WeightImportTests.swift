import Faults
import NeuralNetworks
import SGMNModel
import TensorCore
import Testing

@testable import PretrainedWeights

@Suite struct WeightImportTests {
  private let c = ImportPlanTests.tiny
  private let backend = CPUBackend()

  private func arena() throws -> ParameterArena { ParameterArena(try SGMN(c), seed: 3, backend: backend) }

  private func values(_ name: String, _ arena: ParameterArena) -> [Float] { arena[name]?.value.floats() ?? [] }

  @Test func valuesAreThoseOfTheFile() throws {
    let file = MemoryWeights(CLIPShapes.huggingFace(c, textWidth: 4, textLayers: 2))
    let arena = try arena()
    try WeightImport(.visual, file: file, arena: arena, model: c).write(into: arena)
    #expect(
      values("visual.conv1.weight", arena) == (try file.floats("vision_model.embeddings.patch_embedding.weight")))
    let attention = "vision_model.encoder.layers.1.self_attn."
    #expect(
      values("visual.transformer.resblocks.1.attn.in_proj_weight", arena)
        == (try ["q", "k", "v"].flatMap { try file.floats("\(attention)\($0)_proj.weight") }))
    let projection = try file.floats("visual_projection.weight")  // [4, 8]
    let transposed = (0..<8).flatMap { column in (0..<4).map { projection[$0 * 8 + column] } }
    #expect(values("visual.proj", arena) == transposed)
    let positions = try file.floats("text_model.embeddings.position_embedding.weight")
    #expect(values("tmc.position", arena) == Array(positions[..<12]))
    #expect(values("smf.position", arena) == Array(positions[..<20]))
    #expect(
      values("smf.cross_attention.mlp.c_fc.bias", arena)
        == (try file.floats("text_model.encoder.layers.1.mlp.fc1.bias")))
  }

  @Test func untouchedParametersKeepTheirStart() throws {
    let (arena, fresh) = (try arena(), try arena())
    let weights = try WeightImport(
      .release, file: MemoryWeights(CLIPShapes.release(c)), arena: arena, model: c)
    try weights.write(into: arena)
    #expect(!weights.plan.report.untouched.isEmpty)
    for name in weights.plan.report.untouched { #expect(values(name, arena) == values(name, fresh), "\(name)") }
    for name in weights.plan.report.taken { #expect(values(name, arena) != values(name, fresh), "\(name)") }
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity]) func whatIsNotFiniteIsRefused(_ value: Float) throws {
    var file = MemoryWeights(CLIPShapes.openAI(c))
    file.tensors["visual.proj"]?.values[5] = value
    let arena = try arena()
    let fault = #expect(throws: Fault.self) {
      try WeightImport(.visual, file: file, arena: arena, model: c).write(into: arena)
    }
    #expect(fault?.code == .badData && fault?.what.contains("visual.proj") == true)
  }

  /// What is wrong with the file is told before anything of it is in the model.
  @Test func anIncompleteFileChangesNothing() throws {
    var file = MemoryWeights(CLIPShapes.openAI(c))
    file.tensors["visual.proj"] = nil
    let (arena, fresh) = (try arena(), try arena())
    let weights = try WeightImport(.visual, file: file, arena: arena, model: c)
    #expect(throws: Fault.self) { try weights.write(into: arena) }
    #expect(arena.values.floats() == fresh.values.floats())
  }

  @Test func whatIsExportedIsImportedAgain() throws {
    let (arena, again) = (try arena(), try self.arena())
    var exported: [String: [Int]] = [:]
    var file = MemoryWeights([:])
    for entry in arena.entries {
      for tensor in HuggingFaceExport.tensors(
        of: entry.name, shape: entry.parameter.shape, values: entry.parameter.value.floats())
      {
        exported[tensor.name] = tensor.shape
        file.tensors[tensor.name] = (tensor.shape, tensor.values)
      }
    }
    #expect(exported == CLIPShapes.huggingFace(c))
    again.values.backend.fill(again.values, with: 0)
    try WeightImport(.visual, file: file, arena: again, model: c).write(into: again)
    for entry in arena.entries where entry.name.hasPrefix("visual.") {
      #expect(values(entry.name, again) == values(entry.name, arena), "\(entry.name)")
    }
  }
}
