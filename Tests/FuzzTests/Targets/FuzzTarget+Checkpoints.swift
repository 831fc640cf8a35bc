import Faults
import Foundation

@testable import Checkpointing
@testable import Training

extension FuzzTarget {
  /// A safetensors file. Our reader and `ReferenceSafetensors` must take the same files and see the same in them.
  static let safetensors = FuzzTarget(name: "safetensors") {
    let numbers = (0..<24).map { UInt8($0) }
    return try numbers.withUnsafeBytes { bytes in
      func tensor(_ name: String, _ type: SafetensorsType, _ shape: [Int]) -> SafetensorsWriter.Tensor {
        let count = shape.reduce(type.byteCount, *)
        return SafetensorsWriter.Tensor(
          name: name, type: type, shape: shape, bytes: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
      }
      return try [
        [], [tensor("weight", .float32, [2, 3])],
        [tensor("a", .float16, [3]), tensor("b", .int64, []), tensor("c\"\u{1}é", .uint8, [0, 5])],
        [tensor("d", .float64, [1]), tensor("e", .bfloat16, [2]), tensor("f", .uint64, [3]), tensor("g", .bool, [1])],
      ].map { tensors in
        let path = NSTemporaryDirectory() + UUID().uuidString
        defer { unlink(path) }
        try SafetensorsWriter.write(path: path, metadata: ["format": "sgmn", "step": "7"], tensors: tensors)
        return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
      }
    }
  } parse: { bytes in
    let reference = ReferenceSafetensors(bytes)
    try MemoryFile.with(bytes) { path in
      let file: SafetensorsFile
      do { file = try SafetensorsFile(path) } catch {
        try Finding.unless(reference == nil, "the other reader takes what is refused with: \(error)")
        throw error
      }
      guard let reference else { throw Finding(description: "the other reader refuses the file") }
      try Finding.unless(
        file.metadata == reference.metadata && Set(file.tensors.keys) == Set(reference.tensors.keys),
        "the other reader sees other metadata or tensors")
      for (name, entry) in file.tensors {
        let other = reference.tensors[name]
        try Finding.unless(
          other?.type == entry.type.rawValue && other?.shape == entry.shape,
          "\(name) has another type or shape to the other reader")
        try Finding.unless(try file.read(name) == other?.bytes, "\(name) has other bytes to the other reader")
        readAll(name, of: file)
      }
    }
  }

  /// Every reading of a tensor: as its type, or refused.
  private static func readAll(_ name: String, of file: SafetensorsFile) {
    _ = try? file.floats(name)
    _ = try? file.doubles(name)
    _ = try? file.int64s(name)
    _ = try? file.bytes(name)
  }

  /// `manifest.json` of a checkpoint, as it is; and, where it is JSON of the right form, with its checksum made right.
  static let checkpointManifest = FuzzTarget(name: "checkpoint-manifest") {
    let files = ["model.safetensors", "state.json"].map {
      CheckpointManifest.File(name: $0, byteCount: 12, xxh3: "0123456789abcdef")
    }
    return try [[files[0]], files].map {
      try CheckpointManifest(sequence: 3, step: 70, createdBy: "fuzz", files: $0).encoded()
    }
  } parse: { bytes in
    func read(_ bytes: [UInt8]) throws -> CheckpointManifest {
      try MemoryFile.with(bytes, named: "manifest.json") { try CheckpointManifest.read(folder: $0) }
    }
    if let manifest = try? JSONDecoder().decode(CheckpointManifest.self, from: Data(bytes)) {
      let sealed = try manifest.encoded()
      let names = try read(sealed).files.map(\.name)
      try Finding.unless(
        !names.contains { $0.contains("/") || $0 == ".." || $0.isEmpty }, "a file name that leads out: \(names)")
    }
    _ = try read(bytes)
  }

  /// Made once: it takes as long as the parser.
  private static let flattenedDefaults = Result { try ConfigurationDifference.flattened(RunConfiguration()) }

  /// The state of a run, compared with another configuration.
  static let runState = FuzzTarget(name: "run-state") {
    try [nil, RunState.Best(step: 3, recall: 0.5)].map { best in
      try RunState(
        step: 7, epoch: 1, positionInEpoch: 3, rankCount: 2, shardsFingerprint: "0123456789abcdef", pairCount: 64,
        configuration: RunConfiguration(), replacedSamples: [3, 9], best: best
      ).encoded()
    }
  } parse: { bytes in
    let state = try RunState.decoded(bytes, path: "state.json")
    let lines = ConfigurationDifference.lines(
      checkpoint: try ConfigurationDifference.flattened(state.configuration), now: try flattenedDefaults.get())
    if state.configuration == RunConfiguration() {
      try Finding.unless(lines.isEmpty, "equal configurations differ: \(lines)")
    }
    try state.configuration.validate()
  }
}
