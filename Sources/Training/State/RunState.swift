import Faults
import Foundation
import TensorCore

/// What a checkpoint says besides weights and moments: enough to go on as if nothing had happened.
///
/// Order of samples, augmentation and mining are pure functions of (seed, position), so the seed and the step are the
/// whole state of chance and of the loader.
public struct RunState: Codable, Sendable, Equatable {
  /// Steps done.
  public var step: Int
  /// Samples of the epoch that is under way, and the epoch, for people: both follow from the step.
  public var epoch: Int
  public var positionInEpoch: Int
  public var rankCount: Int
  /// XXH3-64 of the training shards' index, in hexadecimal.
  public var shardsFingerprint: String
  public var pairCount: Int
  public var configuration: RunConfiguration
  /// What products were computed in: that of the configuration, or float32 where a processor has no bf16 instructions.
  public var precision = RunConfiguration.Precision.float32
  /// What it was computed on.
  public var device = WorkerKind.cpu
  /// Threads of rank 0's kernels; nil on GPUs, and in checkpoints that do not say.
  public var threadCount: Int?
  /// What encoded the texts that the model was trained with; nil without text, and in checkpoints that do not say.
  public var textEncoder: String?
  /// Numbers of the damaged samples that others stood in for, ascending; they count against `data.skip_budget`.
  public var replacedSamples: [Int] = []
  /// Steps that made no update, for their loss or gradient was not finite; they count against `safety.skip_limit`.
  public var skippedSteps = 0
  /// The best evaluation so far.
  public var best: Best?
  /// Whether the run was stopped in the evaluation after this step, with which it then goes on.
  public var evaluationIsDue = false

  /// Updates of the weights: what the optimiser counts.
  var updateCount: Int { step - skippedSteps }

  public struct Best: Codable, Sendable, Equatable {
    public var step: Int
    /// R@mean, 0…1.
    public var recall: Double
  }

  static let fileName = "state.json"

  func encoded() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    return [UInt8](try encoder.encode(self))
  }

  /// Keys of the configuration that the state does not name have their defaults: the checkpoint is older than they are.
  static func decoded(_ bytes: [UInt8], path: String) throws -> RunState {
    let state: RunState
    do {
      guard var fields = try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any] else {
        throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "not an object"))
      }
      let defaults = try JSONSerialization.jsonObject(with: JSONEncoder().encode(RunConfiguration()))
      fields["configuration"] = fields["configuration"].map { overlay($0, on: defaults) }
      state = try JSONDecoder().decode(RunState.self, from: JSONSerialization.data(withJSONObject: fields))
    } catch {
      throw Fault(
        .configuration, "The run state cannot be read; another version of the trainer may have written it: \(error)",
        at: path, remedy: "Resume with the version that wrote it, or choose a new folder")
    }
    try state.check(path: path)
    return state
  }

  private static func overlay(_ value: Any, on base: Any) -> Any {
    guard let value = value as? [String: Any], let base = base as? [String: Any] else { return value }
    return base.merging(value) { overlay($1, on: $0) }
  }
}

extension RunState {
  /// Checkpoints that name no precision are of float32 products, those that name no device of CPUs, and those
  /// that count no skipped steps have none. Those that say nothing of an evaluation are not due one.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    step = try values.decode(Int.self, forKey: .step)
    epoch = try values.decode(Int.self, forKey: .epoch)
    positionInEpoch = try values.decode(Int.self, forKey: .positionInEpoch)
    rankCount = try values.decode(Int.self, forKey: .rankCount)
    shardsFingerprint = try values.decode(String.self, forKey: .shardsFingerprint)
    pairCount = try values.decode(Int.self, forKey: .pairCount)
    configuration = try values.decode(RunConfiguration.self, forKey: .configuration)
    precision = try values.decodeIfPresent(RunConfiguration.Precision.self, forKey: .precision) ?? .float32
    device = try values.decodeIfPresent(WorkerKind.self, forKey: .device) ?? .cpu
    threadCount = try values.decodeIfPresent(Int.self, forKey: .threadCount)
    textEncoder = try values.decodeIfPresent(String.self, forKey: .textEncoder)
    replacedSamples = try values.decode([Int].self, forKey: .replacedSamples)
    skippedSteps = try values.decodeIfPresent(Int.self, forKey: .skippedSteps) ?? 0
    best = try values.decodeIfPresent(Best.self, forKey: .best)
    evaluationIsDue = try values.decodeIfPresent(Bool.self, forKey: .evaluationIsDue) ?? false
  }
}
