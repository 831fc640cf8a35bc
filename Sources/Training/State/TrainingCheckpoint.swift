import Checkpointing
import Faults
import Foundation
import NeuralNetworks
import Optimization
import SGMNModel
import TensorCore
import TextEncoding

/// The files of a checkpoint: `model.safetensors` (weights by name), `optimizer.safetensors` (moments by name),
/// `state.json`, and `vocabulary.txt` where the model encodes texts itself.
enum TrainingCheckpoint {
  static let modelFile = "model.safetensors"
  static let optimizerFile = "optimizer.safetensors"

  /// - Parameter goesOn: called for every tensor that has been handed to the disk.
  static func write(
    _ contents: CheckpointContents, vocabulary: [UInt8]? = nil, to draft: CheckpointDraft, goesOn: () -> Void = {}
  ) throws {
    if let vocabulary { try draft.write(vocabulary, to: CheckpointVocabulary.fileName) }
    try draft.write(contents.state.encoded(), to: RunState.fileName)
    try draft.write(
      contents.tensors(of: contents.weights, prefix: ""),
      metadata: ["format": "sgmn", "step": "\(contents.state.step)"], to: modelFile, goesOn: goesOn)
    try draft.write(
      contents.tensors(of: contents.firstMoment, prefix: "first.")
        + contents.tensors(of: contents.secondMoment, prefix: "second."),
      metadata: ["updates": "\(contents.updateCount)"], to: optimizerFile, goesOn: goesOn)
  }

  static func byteCount(_ arena: ParameterArena) -> Int { 3 * arena.values.byteCount + (1 << 20) }

  static func readState(_ checkpoint: Checkpoint) throws -> RunState {
    let path = try checkpoint.path(RunState.fileName)
    let state = try RunState.decoded(checkpoint.bytes(RunState.fileName, limit: RunState.byteLimit), path: path)
    guard state.step == checkpoint.step else {
      throw Fault(
        .configuration, "The run state is of step \(state.step), the checkpoint of step \(checkpoint.step)", at: path,
        remedy: "Choose another checkpoint")
    }
    return state
  }

  static func readModel(_ checkpoint: Checkpoint, into arena: ParameterArena) throws {
    try read(checkpoint.tensors(modelFile), into: arena.values, arena, prefix: "")
  }

  static func readOptimizer(_ checkpoint: Checkpoint, into optimizer: AdamW, arena: ParameterArena) throws {
    let file = try checkpoint.tensors(optimizerFile)
    guard let updates = file.metadata["updates"].flatMap({ Int($0) }), updates >= 0 else {
      throw Fault(.badData, "No count of updates in the metadata", at: file.path)
    }
    try read(file, into: optimizer.firstMoment, arena, prefix: "first.")
    try read(file, into: optimizer.secondMoment, arena, prefix: "second.")
    optimizer.stepCount = updates
  }

  private static func read(_ file: SafetensorsFile, into flat: Tensor, _ arena: ParameterArena, prefix: String) throws {
    for entry in arena.entries {
      let name = prefix + entry.name
      guard let found = file.tensors[name], found.shape == entry.parameter.shape, found.type == .float32 else {
        throw Fault(
          .configuration, "\(name) is missing or not float32 of shape \(entry.parameter.shape)", at: file.path,
          remedy: "Resume with the configuration that the checkpoint was made with")
      }
      try flat.slice(at: entry.range.lowerBound, shape: entry.parameter.shape).updateHostPieces(byteLimit: .max) {
        try file.read(name, into: $0)
      }
    }
    let expected = arena.entries.count * (prefix.isEmpty ? 1 : 2)
    guard file.tensors.count == expected else {
      throw Fault(
        .configuration, "\(file.tensors.count) tensors where the configuration has \(expected)", at: file.path,
        remedy: "Resume with the configuration that the checkpoint was made with")
    }
  }
}

/// A trained model, read from a checkpoint for evaluation.
public struct TrainedModel {
  public let model: SGMN
  public let arena: ParameterArena
  public let state: RunState
  public let checkpoint: Checkpoint
  /// What it reads texts with, where it encodes them itself.
  public let tokenizer: TextTokenizer?

  /// Reads a checkpoint's folder (`…/step-00000100`), or the newest of a run's folder, for products in `precision`.
  public init(_ path: String, precision: RunConfiguration.Precision = .float32, backend: any Backend) throws {
    checkpoint = try CheckpointStore.load(TrainedModel.checkpointFolder(of: path))
    state = try TrainingCheckpoint.readState(checkpoint)
    model = try SGMN(state.configuration.model)
    arena = ParameterArena(model, seed: 0, operandFormat: precision.operandFormat, backend: backend)
    try TrainingCheckpoint.readModel(checkpoint, into: arena)
    arena.refreshOperands()
    tokenizer =
      model.configuration.encodesText
      ? try TextTokenizer(
        CheckpointVocabulary.bytes(of: checkpoint), path: checkpoint.path(CheckpointVocabulary.fileName),
        for: model.configuration.textEncoder) : nil
  }

  /// The folder of the checkpoint that `path` names: itself, or the newest of a run's folder, be it damaged.
  public static func checkpointFolder(of path: String) throws -> String {
    if FileManager.default.fileExists(atPath: "\(path)/manifest.json") { return path }
    for folder in [RunFolder.checkpoints(in: path), path] where FileManager.default.fileExists(atPath: folder) {
      if let newest = try CheckpointStore(folder: folder).newestFolder() { return newest }
    }
    throw Fault(.inputMissing, "No checkpoint here", at: path, remedy: "Name a run's folder or one of its checkpoints")
  }
}
