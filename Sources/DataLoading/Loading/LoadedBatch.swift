import Faults
import ShardFormat

/// One rank's part of one step, ready for the model. N pairs, L frames a clip, R the resolution, F frames in all.
public struct LoadedBatch: Sendable {
  /// Step of the run, from 0.
  public var step: Int
  public var epoch: Int
  /// Place of every pair in the epoch; [N].
  public var places: Range<Int>
  /// Number in the set of every pair's sample; [N].
  public var sampleNumbers: [Int]
  public var clipIDs: [String]
  /// L, the slots of a clip.
  public var framesPerClip: Int
  /// The pictures, in `pixelEncoding`.
  public var pixels: BatchPixels
  public var pixelEncoding: PixelEncoding
  /// Pixels a side.
  public var resolution: Int
  /// The slots that have a frame: pair · L + its place in the clip; [F], ascending.
  public var frameSlots: [Int32]
  /// Whether a slot has a frame; [N, L]. True for a head of every clip, at least one long.
  public var mask: [Bool]
  /// Equal for pairs of one product; [N].
  public var productKeys: [UInt64]
  /// Equal for clips of one live stream; [N].
  public var liveKeys: [UInt64]
  /// [N, textWidth], zeros where a sample has none; empty if the set has no text embeddings.
  public var titleEmbeddings: [Float]
  /// [N, textWidth], zeros where a sample has none; empty if the set has no text embeddings.
  public var asrEmbeddings: [Float]
  /// Whether a sample has a title embedding; [N].
  public var hasTitle: [Bool]
  /// Whether a sample has an ASR embedding; [N].
  public var hasASR: [Bool]
  /// Token features of every pair's texts, nil where a sample has none; [N], empty where they are not read.
  public var titleTokens: [TokenFeatures?]
  public var asrTokens: [TokenFeatures?]
  /// Numbers of a token's features; 0 where they are not read.
  public var tokenWidth: Int
  public var titles: [String]
  public var asrs: [String]
  /// Damaged samples for which others stand in.
  public var skipped: [SkippedSample]

  public var pairCount: Int { sampleNumbers.count }
  public var frameCount: Int { frameSlots.count }

  /// The product picture of a pair, valid as long as the batch is.
  public func image(ofPair pair: Int) -> UnsafeRawBufferPointer { pixels.image(ofPair: pair) }

  /// The frame of a slot that has one, valid as long as the batch is.
  public func frame(inSlot slot: Int32) -> UnsafeRawBufferPointer {
    pixels.frame(ofPair: Int(slot) / framesPerClip, at: Int(slot) % framesPerClip)
  }
}
