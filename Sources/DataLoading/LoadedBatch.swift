import Faults
import ShardFormat

/// One rank's part of one step, ready for the model. N pairs, L frames a clip, R the resolution, F frames in all.
public struct LoadedBatch: Sendable {
  /// Step of the run, from 0.
  public var step: Int
  public var epoch: Int
  /// Place of every pair in the epoch; [N].
  public var places: [Int]
  /// Number in the set of every pair's sample; [N].
  public var sampleNumbers: [Int]
  public var clipIDs: [String]
  /// The frames that exist, without padding; [F, 3, R, R], u8.
  public var frames: [UInt8]
  /// Where each packed frame belongs: pair · L + its place in the clip; [F], ascending.
  public var frameSlots: [Int32]
  /// Whether a slot has a frame; [N, L]. True for a head of every clip, at least one long.
  public var mask: [Bool]
  /// [N, 3, R, R], u8.
  public var images: [UInt8]
  /// Equal for pairs of one product; [N].
  public var productKeys: [UInt64]
  /// Equal for clips of one live stream; [N].
  public var liveKeys: [UInt64]
  /// [N, textWidth], zeros where a sample has none; empty if the set has no text embeddings.
  public var titleEmbeddings: [Float]
  /// [N, textWidth], zeros where a sample has none; empty if the set has no text embeddings.
  public var asrEmbeddings: [Float]
  public var titles: [String]
  public var asrs: [String]
  /// Damaged samples for which others stand in.
  public var skipped: [SkippedSample]
  /// How long reading, checking and decompressing took its thread.
  public var assemblySeconds: Double

  public var pairCount: Int { sampleNumbers.count }
  public var frameCount: Int { frameSlots.count }
}

/// A damaged sample that another one stands in for.
public struct SkippedSample: Sendable, Equatable {
  /// Place in the epoch.
  public var place: Int
  public var sampleNumber: Int
  /// What is wrong; it names shard, byte and clip.
  public var fault: Fault
}
