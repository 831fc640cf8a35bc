import Faults

/// A parser, and how bytes that nobody vouches for reach it.
struct FuzzTarget: Sendable {
  let name: String
  /// Inputs that the parser takes, made by our own writers.
  let seeds: @Sendable () throws -> [[UInt8]]
  /// Parses an input and uses what came out of it. A `Fault` refuses the input; anything else that is thrown, a trap
  /// included, is a defect.
  let parse: @Sendable ([UInt8]) throws -> Void

  /// Whether the input is taken or refused. Throws what is a defect.
  func takes(_ bytes: [UInt8]) throws -> Bool {
    do { try parse(bytes) } catch is Fault { return false }
    return true
  }

  static let all: [FuzzTarget] = [
    .shard, .pixels, .details, .setIndex, .safetensors, .torchWeights, .checkpointManifest, .configuration, .setting,
    .runState, .json, .manifest, .tar, .lpr4m, .movingFashion, .embeddings, .jpeg, .http, .addresses, .metrics, .worker,
    .lists, .vocabulary, .modelSettings, .weightNames,
  ]
}
