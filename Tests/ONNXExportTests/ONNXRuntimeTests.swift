import Checkpointing
import Foundation
import ReferenceLibraries
import SGMNModel
import TensorCore
import Testing

@testable import ONNXExport

/// What onnxruntime computes from the exported graphs, beside our own inference.
@Suite(.serialized, .enabled(if: ReferencePython.path != nil)) struct ONNXRuntimeTests {
  /// A name for messages, and what is changed of the tiny model.
  struct Variant: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var change: @Sendable (inout ModelConfiguration) -> Void

    init(_ name: String, _ change: @escaping @Sendable (inout ModelConfiguration) -> Void) {
      (testDescription, self.change) = (name, change)
    }
  }

  static let variants: [Variant] = [
    Variant("two temporal blocks") { _ in },
    Variant("one temporal block, one visual") { ($0.tmcLayers, $0.layers) = (1, 1) },
    Variant("no temporal block, no visual one") { ($0.tmcLayers, $0.layers) = (0, 0) },
    Variant("no motion compensation") { $0.tmc = false },
    Variant("one frame") { $0.frames = 1 },
    Variant("two frames, release") { ($0.frames, $0.padding) = (2, .release) },
    Variant("release") { $0.padding = .release },
    Variant("release without motion compensation") { ($0.padding, $0.tmc) = (.release, false) },
    Variant("gated") { $0.textFilter = .gated },
    Variant("trained text") { $0.encodeTexts() },
    Variant("trained text, gated, not projected") {
      $0.encodeTexts()
      ($0.textFilter, $0.textEncoder.projection, $0.textDim) = (.gated, 0, $0.textEncoder.width)
    },
    Variant("trained text, one block, all places") {
      $0.encodeTexts()
      ($0.textEncoder.layers, $0.textEncoder.positions) = (1, 5)
    },
    Variant("no text") { $0.text = false },
    Variant("one patch, five frames") { ($0.patch, $0.frames) = (8, 5) },
  ]

  @Test(arguments: variants) func smallModelsAgree(variant: Variant) throws {
    var c = ModelConfiguration.tiny
    variant.change(&c)
    try expectEqual(c, InferenceInputs(c), tolerance: 1e-5)
  }

  /// CLIP ViT-B/32 with ten frames a clip: the paper's model.
  @Test func theFullModelAgrees() throws {
    let c = ModelConfiguration().with { ($0.gci, $0.smf, $0.textFilter) = (false, false, .gated) }
    try expectEqual(c, InferenceInputs(c, masks: [(0..<10).map { $0 < 9 }]), tolerance: 1e-5)
  }

  private func expectEqual(_ c: ModelConfiguration, _ inputs: InferenceInputs, tolerance: Float) throws {
    let random = try RandomModel(c)
    let ours = Embeddings(random.model, inputs)
    let theirs = try exportAndRun(random, inputs)
    let clipCount = inputs.masks.count * c.embedDim
    #expect(distance(theirs.image, ours.image) < tolerance)
    #expect(distance(Array(theirs.clip.prefix(clipCount)), ours.clip) < tolerance)
    // Pictures where there is no frame are not looked at, to the last bit.
    #expect(theirs.clip.prefix(clipCount) == theirs.clip.suffix(clipCount))
    #expect(distance(theirs.asr, ours.asr) < tolerance && distance(theirs.title, ours.title) < tolerance)
    let scores = ours.scores(inputs)
    #expect(scores.count == 9 && distance(theirs.scores(inputs), scores) < tolerance)
    // The models are not so dull that anything would agree; without a block a class token sees no picture.
    guard c.layers > 0 else { return }
    #expect(distance(Array(ours.image.prefix(c.embedDim)), Array(ours.image.suffix(c.embedDim))) > 30 * tolerance)
  }

  private func exportAndRun(_ random: RandomModel, _ inputs: InferenceInputs) throws -> Embeddings {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("onnx-\(UUID())").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try inputs.write(to: "\(folder)/inputs")
    try ONNXExport.write(inputs.c, weights: random, metadata: ["step": "12"], to: "\(folder)/model")
    let printed = try ReferencePython.run(
      "run_onnx.py", ["\(folder)/model", "\(folder)/inputs", "\(folder)/outputs"])
    let metadata = try JSONDecoder().decode([String: [String: String]].self, from: Data(printed.utf8))
    let text = inputs.c.text ? ["asr_encoder", "title_encoder"] : []
    #expect(metadata.keys.sorted() == (text + ["clip_encoder", "image_encoder"]).sorted())
    for properties in metadata.values {
      #expect(properties["step"] == "12" && properties["format"] == "sgmn")
      #expect(properties["lambda_text"] == (inputs.c.text ? "0.5" : "0"))
      #expect(properties["mean"] == "0.48145466 0.4578275 0.40821073")
    }
    return try Embeddings(SafetensorsFile("\(folder)/outputs"))
  }
}

/// Unit embeddings, one behind the other.
private struct Embeddings {
  var image: [Float]
  var clip: [Float]
  /// Empty without text.
  var asr: [Float]
  var title: [Float]

  init(_ model: SGMN, _ inputs: InferenceInputs) {
    image = model.imageEmbeddings(inputs.images, backend: cpu).floats()
    clip = model.clipEmbeddings(inputs.clips, backend: cpu).floats()
    let text = { (name: String, kind: SGMN.TextKind) in
      model.textEmbeddings(inputs.text(name), kind, count: inputs.textCount, backend: cpu)?.floats() ?? []
    }
    (asr, title) = (text("asr", .asr), text("title", .title))
  }

  init(_ file: SafetensorsFile) throws {
    let embedding = { (encoder: String) in
      file.tensors[encoder + ".embedding"] == nil ? [] : try file.floats(encoder + ".embedding")
    }
    (image, clip) = (try file.floats("image_encoder.embedding"), try file.floats("clip_encoder.embedding"))
    (asr, title) = (try embedding("asr_encoder"), try embedding("title_encoder"))
  }

  /// v·i + λ·asr·title of all images with as many clips, from the first on and again; each with a text.
  func scores(_ inputs: InferenceInputs) -> [Float] {
    let row = { (all: [Float], number: Int) in all.dropFirst(number * inputs.c.embedDim).prefix(inputs.c.embedDim) }
    let dot = { (a: ArraySlice<Float>, b: ArraySlice<Float>) in zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
    return (0..<inputs.imageCount).flatMap { query in
      (0..<inputs.imageCount).map { picture in
        dot(row(clip, query % inputs.masks.count), row(image, picture))
          + Float(inputs.c.lambdaText) * dot(row(asr, query), row(title, picture))
      }
    }
  }
}

/// The greatest difference of two lists.
private func distance(_ a: [Float], _ b: [Float]) -> Float {
  guard a.count == b.count else { return .infinity }
  let differences = zip(a, b).map { abs($0 - $1) }
  return differences.contains(where: \.isNaN) ? .infinity : differences.max() ?? 0
}
