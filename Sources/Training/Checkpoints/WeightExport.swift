import Checkpointing
import Faults
import Foundation
import TensorCore

/// The weights of a checkpoint alone, as one safetensors file: `sgmn-train checkpoint export`.
public enum WeightExport {
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
    guard !FileManager.default.fileExists(atPath: file) else {
      throw Fault(.outputUnavailable, "The file exists already", at: file, remedy: "Choose another --out, or remove it")
    }
    let checkpoint = try CheckpointLocation(path).whole(warn: warn)
    let state = try TrainingCheckpoint.readState(checkpoint)
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
      metadata: [
        "format": "pt", "step": "\(state.step)", "created_by": checkpoint.manifest.createdBy,
        "configuration": try ConfigurationFile.text(of: state.configuration),
      ], tensors: tensors
    ).byteCount
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
