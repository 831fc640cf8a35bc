import Checkpointing
import DurableFiles
import Faults
import Foundation
import ONNXExport
import PretrainedWeights
import TensorCore
import WeightFiles

/// The weights of a checkpoint alone, for other programs: `sgmn-train checkpoint export`.
public enum WeightExport {
  /// What is written.
  public enum Format: String, CaseIterable, Sendable {
    /// One safetensors file of all weights, by the names that checkpoints have.
    case sgmn
    /// A folder of the image encoder that `transformers` loads (`HuggingFaceExport`).
    case huggingface
    /// A folder of the graphs that retrieval needs (`ONNXExport`).
    case onnx
  }

  /// The type of the file's elements.
  public enum ElementType: String, CaseIterable, Sendable {
    case float32, bf16, f16
  }

  /// Writes the weights by name, rounded to nearest with halves to even, and in the metadata `format`, `step` and
  /// `configuration`, the run's settings as YAML.
  ///
  /// - Parameter path: A checkpoint's folder or a run's, of which the newest whole one is taken.
  /// - Returns: The bytes of the file.
  /// - Throws: `Fault(.outputUnavailable)` where there is such a file already, `.usage` where a weight is too large for the type.
  @discardableResult
  public static func write(_ path: String, to file: String, as type: ElementType, warn: (String) -> Void) throws -> Int
  {
    let (checkpoint, state) = try whole(path, for: file, warn: warn)
    let source = try checkpoint.tensors(TrainingCheckpoint.modelFile)
    let weights = EncodedWeights(type: type)
    for (name, entry) in source.tensors.sorted(by: { $0.key < $1.key }) {
      try weights.add(name, shape: entry.shape, source.floats(name))
    }
    return try weights.write(to: file, metadata: metadata(checkpoint, state))
  }

  /// Writes the image encoder as a folder that `CLIPVisionModelWithProjection.from_pretrained` of `transformers` loads, with
  /// the same metadata in its file of weights.
  ///
  /// - Parameters:
  ///   - path: A checkpoint's folder or a run's, of which the newest whole one is taken.
  ///   - folder: appears whole or not at all.
  /// - Returns: The bytes of the file of weights.
  /// - Throws: `Fault(.outputUnavailable)` where there is something of that name already, `.usage` where a weight is too
  ///   large for the type.
  @discardableResult
  public static func writeHuggingFace(
    _ path: String, to folder: String, as type: ElementType, warn: (String) -> Void
  ) throws -> Int {
    let (checkpoint, state) = try whole(path, for: folder, warn: warn)
    let source = try checkpoint.tensors(TrainingCheckpoint.modelFile)
    let weights = EncodedWeights(type: type)
    for (name, entry) in source.tensors.sorted(by: { $0.key < $1.key }) where HuggingFaceExport.holds(name) {
      let tensors = HuggingFaceExport.tensors(of: name, shape: entry.shape, values: try source.floats(name))
      for tensor in tensors { try weights.add(tensor.name, shape: tensor.shape, tensor.values) }
    }
    let model = state.configuration.model
    var byteCount = 0
    try DurableFile.createWholeFolder(folder) { folder in
      try DurableFile.write(
        HuggingFaceExport.configuration(of: model), to: "\(folder)/\(HuggingFaceExport.configurationFile)")
      try DurableFile.write(
        HuggingFaceExport.preprocessor(of: model), to: "\(folder)/\(HuggingFaceExport.preprocessorFile)")
      byteCount = try weights.write(
        to: "\(folder)/\(HuggingFaceExport.weightsFile)", metadata: metadata(checkpoint, state))
    }
    return byteCount
  }

  /// Writes image, clip and text encoders as ONNX graphs with their weights, and in their metadata `step` and
  /// `configuration`; with the vocabulary of a model that encodes texts itself.
  ///
  /// - Parameters:
  ///   - path: A checkpoint's folder or a run's, of which the newest whole one is taken.
  ///   - folder: appears whole or not at all.
  /// - Returns: The bytes of all files.
  /// - Throws: `Fault(.outputUnavailable)` where there is something of that name already.
  @discardableResult
  public static func writeONNX(_ path: String, to folder: String, warn: (String) -> Void) throws -> Int {
    let (checkpoint, state) = try whole(path, for: folder, warn: warn)
    return try ONNXExport.write(
      state.configuration.model, weights: WeightFiles.open(checkpoint.path(TrainingCheckpoint.modelFile)),
      metadata: metadata(checkpoint, state),
      vocabulary: state.configuration.model.encodesText ? CheckpointVocabulary.bytes(of: checkpoint) : nil, to: folder)
  }

  /// The checkpoint that is exported, verified; throws before that where the output exists.
  private static func whole(
    _ path: String, for output: String, warn: (String) -> Void
  ) throws -> (checkpoint: Checkpoint, state: RunState) {
    guard !FileManager.default.fileExists(atPath: output) else {
      throw Fault(
        .outputUnavailable, "The output exists already", at: output, remedy: "Choose another --out, or remove it")
    }
    let checkpoint = try CheckpointLocation(path).whole(warn: warn)
    return (checkpoint, try TrainingCheckpoint.readState(checkpoint))
  }

  private static func metadata(_ checkpoint: Checkpoint, _ state: RunState) throws -> [String: String] {
    [
      "step": "\(state.step)", "created_by": checkpoint.manifest.createdBy,
      "configuration": try ConfigurationFile.text(of: state.configuration),
    ]
  }

  /// The elements in `type`; throws where a number has become infinite.
  static func encode(
    _ values: [Float], as type: ElementType, into bytes: UnsafeMutableRawBufferPointer, name: String
  ) throws {
    func store<Element>(_ elements: [Element], isFinite: (Element) -> Bool) throws {
      if let index = elements.firstIndex(where: { !isFinite($0) }), values[index].isFinite {
        throw Fault(
          .usage, "\(name) holds \(values[index]), which is beyond \(type.rawValue)", remedy: "Choose another --dtype")
      }
      elements.withUnsafeBytes { bytes.copyMemory(from: $0) }
    }
    switch type {
    case .float32: try store(values) { _ in true }
    case .bf16: try store(values.map { BFloat16.bits($0) }) { BFloat16.float($0).isFinite }
    case .f16: try store(values.map { Float16($0) }) { $0.isFinite }
    }
  }
}

/// Tensors as they will be in the file.
private final class EncodedWeights {
  private let type: WeightExport.ElementType
  private var tensors: [SafetensorsWriter.Tensor] = []

  init(type: WeightExport.ElementType) { self.type = type }

  deinit { for tensor in tensors { tensor.bytes.deallocate() } }

  func add(_ name: String, shape: [Int], _ values: [Float]) throws {
    let bytes = UnsafeMutableRawBufferPointer.allocate(
      byteCount: values.count * type.stored.byteCount, alignment: 8)
    tensors.append(.init(name: name, type: type.stored, shape: shape, bytes: UnsafeRawBufferPointer(bytes)))
    try WeightExport.encode(values, as: type, into: bytes, name: name)
  }

  /// The bytes of the file, which says of itself that its layout of matrices is PyTorch's.
  func write(to path: String, metadata: [String: String]) throws -> Int {
    try SafetensorsWriter.write(
      path: path, metadata: metadata.merging(["format": "pt"]) { $1 }, tensors: tensors
    ).byteCount
  }
}

extension WeightExport.ElementType {
  fileprivate var stored: SafetensorsType {
    switch self {
    case .float32: .float32
    case .bf16: .bfloat16
    case .f16: .float16
    }
  }
}
