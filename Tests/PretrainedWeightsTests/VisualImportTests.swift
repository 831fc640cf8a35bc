import Checkpointing
import ReferenceLibraries
import SGMNModel
import TensorCore
import Testing

@testable import PretrainedWeights

/// The image encoder against `transformers`, whose random weights it is given: unit embeddings within 1e-4 in float32.
@Suite(.serialized, .enabled(if: ReferencePython.path != nil)) struct VisualImportTests {
  private func expectSameEmbeddings(
    _ c: ModelConfiguration, _ arguments: [String], naming: WeightNaming,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let files = try ReferenceFiles(
      "clip_weights.py",
      arguments + [
        "--width", "\(c.width)", "--layers", "\(c.layers)", "--heads", "\(c.heads)", "--patch", "\(c.patch)",
        "--embed-dim", "\(c.embedDim)", "--picture-size", "\(c.resolution)",
      ])
    let imported = try ImportedModel(.visual, path: files.weights, c)
    #expect(imported.plan.found == FoundNaming(naming), sourceLocation: sourceLocation)
    #expect(imported.plan.report.unexpected.isEmpty, sourceLocation: sourceLocation)
    let visual = imported.arena.entries.filter { $0.name.hasPrefix("visual.") }.map(\.name)
    #expect(Set(imported.plan.report.taken).isSuperset(of: visual), sourceLocation: sourceLocation)
    let expected = try files.expected()
    let embeddings = imported.model.imageEmbeddings(try expected.bytes("pictures"), backend: imported.backend)
    let difference = greatestDifference(embeddings.floats(), try expected.floats("embeddings"))
    #expect(difference < 1e-4, "\(difference)", sourceLocation: sourceLocation)
  }

  @Test func modelOfFullSize() throws {
    try expectSameEmbeddings(encoderConfiguration(tmc: true), ["--kind", "clip"], naming: .huggingFace)
  }

  @Test func visionModelOfFullSize() throws {
    try expectSameEmbeddings(encoderConfiguration(), ["--kind", "vision"], naming: .huggingFace)
  }

  @Test func smallerPatches() throws {
    try expectSameEmbeddings(encoderConfiguration(layers: 2, patch: 16), ["--kind", "vision"], naming: .huggingFace)
  }

  @Test func widerEncoder() throws {
    try expectSameEmbeddings(
      encoderConfiguration(width: 1024, layers: 2, heads: 16, patch: 14, embedDim: 768),
      ["--kind", "clip", "--text-width", "768"], naming: .huggingFace)
  }

  @Test(arguments: [160, 288]) func anotherResolution(_ resolution: Int) throws {
    try expectSameEmbeddings(
      encoderConfiguration(layers: 2, resolution: resolution), ["--kind", "vision"], naming: .huggingFace)
  }

  @Test func namesOfOpenAI() throws {
    try expectSameEmbeddings(encoderConfiguration(layers: 2), ["--kind", "openai"], naming: .openAI)
  }
}
