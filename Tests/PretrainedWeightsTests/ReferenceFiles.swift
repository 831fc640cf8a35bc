import Checkpointing
import Foundation
import NeuralNetworks
import ReferenceLibraries
import SGMNModel
import TensorCore
import WeightFiles

@testable import PretrainedWeights

/// A folder with a file of weights by one of the original libraries, and what they make of pictures; removed at the end.
final class ReferenceFiles {
  let folder: String
  private let isOwn: Bool
  var weights: String { "\(folder)/weights.safetensors" }

  /// Has a script of scripts/references write the files.
  init(_ script: String, _ arguments: [String] = []) throws {
    folder = NSTemporaryDirectory() + "sgmn-references-\(UUID().uuidString)"
    isOwn = true
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try ReferencePython.run(script, [folder] + arguments)
  }

  /// Files that are there already, and stay.
  init(existing folder: String) { (self.folder, isOwn) = (folder, false) }

  deinit { if isOwn { try? FileManager.default.removeItem(atPath: folder) } }

  func expected() throws -> SafetensorsFile { try SafetensorsFile("\(folder)/expected.safetensors") }
}

/// A model with the weights of a file.
struct ImportedModel {
  let model: SGMN
  let arena: ParameterArena
  let plan: ImportPlan
  let backend = CPUBackend()

  init(_ request: ImportPlan.Request, path: String, _ configuration: ModelConfiguration) throws {
    model = try SGMN(configuration)
    arena = ParameterArena(model, seed: 3, backend: backend)
    let weights = try WeightImport(request, path: path, arena: arena, model: configuration)
    try weights.write(into: arena)
    plan = weights.plan
  }
}

/// The greatest difference of two lists of as many numbers.
func greatestDifference(_ a: [Float], _ b: [Float]) -> Float {
  precondition(a.count == b.count, "\(a.count) numbers and \(b.count)")
  return zip(a, b).reduce(0) { $1.0.isFinite && $1.1.isFinite ? max($0, abs($1.0 - $1.1)) : .infinity }
}

/// The image encoder alone, of CLIP ViT-B/32 unless told otherwise.
func encoderConfiguration(
  width: Int = 768, layers: Int = 12, heads: Int = 12, patch: Int = 32, embedDim: Int = 512, resolution: Int = 224,
  tmc: Bool = false
) -> ModelConfiguration {
  var c = ModelConfiguration()
  (c.width, c.layers, c.heads, c.patch, c.embedDim, c.resolution) = (width, layers, heads, patch, embedDim, resolution)
  (c.tmc, c.text, c.gci, c.smf) = (tmc, false, false, false)
  return c
}
