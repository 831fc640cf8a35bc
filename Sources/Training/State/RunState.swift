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
  /// Numbers of the damaged samples that others stood in for, ascending; they count against `data.skip_budget`.
  public var replacedSamples: [Int] = []
  /// The best evaluation so far.
  public var best: Best?

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

  static func decoded(_ bytes: [UInt8], path: String) throws -> RunState {
    do {
      return try JSONDecoder().decode(RunState.self, from: Data(bytes))
    } catch {
      throw Fault(
        .configuration, "The run state cannot be read; another version of the trainer may have written it: \(error)",
        at: path, remedy: "Resume with the version that wrote it, or choose a new folder")
    }
  }
}

extension RunState {
  /// Checkpoints that name no precision are of float32 products, those that name no device of CPUs.
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
    replacedSamples = try values.decode([Int].self, forKey: .replacedSamples)
    best = try values.decodeIfPresent(Best.self, forKey: .best)
  }
}
