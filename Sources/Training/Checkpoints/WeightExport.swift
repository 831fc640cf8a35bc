import Checkpointing
import Faults
import Foundation
import ONNXExport
import TensorCore
import WeightFiles

/// The weights of a checkpoint alone, for other programs: `sgmn-train checkpoint export`.
public enum WeightExport {
  /// What is written.
  public enum Format: String, CaseIterable, Sendable {
    /// One safetensors file of all weights.
    case safetensors
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
    let entries = source.tensors.sorted { $0.key < $1.key }
    let width = type.stored.byteCount
    let memory = UnsafeMutableRawBufferPointer.allocate(
      byteCount: entries.reduce(0) { $0 + $1.value.elementCount * width }, alignment: 8)
    defer { memory.deallocate() }
    var end = 0
    var tensors: [SafetensorsWriter.Tensor] = []
    for (name, entry) in entries {
      let bytes = UnsafeMutableRawBufferPointer(rebasing: memory[end..<end + entry.elementCount * width])
      try encode(source.floats(name), as: type, into: bytes, name: name)
      tensors.append(.init(name: name, type: type.stored, shape: entry.shape, bytes: UnsafeRawBufferPointer(bytes)))
      end += bytes.count
    }
    return try SafetensorsWriter.write(
      path: file,
      metadata: metadata(checkpoint, state).merging(["format": "pt"]) { $1 }, tensors: tensors
    ).byteCount
  }

  /// Writes image, clip and text encoders as ONNX graphs with their weights, and in their metadata `step` and
  /// `configuration`.
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
      metadata: metadata(checkpoint, state), to: folder)
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

extension WeightExport.ElementType {
  fileprivate var stored: SafetensorsType {
    switch self {
    case .float32: .float32
    case .bf16: .bfloat16
    case .f16: .float16
    }
  }
}
