import DurableFiles
import Failpoints
import Faults

/// The working memory to read samples: zstd's, and buffers. One decoder a thread, for any number of sets.
///
/// After `ShardSet.load(at:using:)` the pixels of that sample are here, in the set's encoding, until the next load.
public final class ShardDecoder {
  let records = RecordReader()
  private let decompressor = PixelDecompressor()
  private var imageBuffer = RawBuffer()
  private var frameBuffer = RawBuffer()
  private var imageByteCount = 0
  private var frameByteCount = 0
  private var decodeSeconds = 0.0
  private var pictureByteCount = 0

  public init() {}

  /// The product picture of the sample loaded last.
  public var image: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: imageBuffer.bytes[..<imageByteCount]) }

  /// The frames of the sample loaded last, one after another.
  public var frames: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: frameBuffer.bytes[..<frameByteCount]) }

  /// What the time went into, and how many bytes; since the decoder was made.
  public var timings: ShardTimings {
    var timings = records.timings
    timings.decodeSeconds = decodeSeconds
    timings.pictureByteCount = pictureByteCount
    return timings
  }

  /// Decompresses what was read of a sample. What is thrown has no place yet.
  func decode(
    pixels: UnsafeRawBufferPointer, frameCount: Int, picture: UnsafeRawBufferPointer,
    _ configuration: ShardConfiguration
  ) throws {
    (imageByteCount, frameByteCount) = (0, 0)
    try Failpoint.shardDecode.hit()
    let start = MonotonicSeconds.now
    defer { decodeSeconds += MonotonicSeconds.now - start }
    try decompressor.decompress(picture, into: &imageBuffer, count: 1, configuration)
    try decompressor.decompress(pixels, into: &frameBuffer, count: frameCount, configuration)
    imageByteCount = configuration.pictureByteCount
    frameByteCount = frameCount * configuration.pictureByteCount
    pictureByteCount += imageByteCount + frameByteCount
  }

  /// The same, but the pictures go where they are wanted, and none stays in the decoder.
  func decode(
    pixels: UnsafeRawBufferPointer, frameCount: Int, picture: UnsafeRawBufferPointer,
    _ configuration: ShardConfiguration, into memory: ShardSet.PictureMemory
  ) throws {
    (imageByteCount, frameByteCount) = (0, 0)
    try Failpoint.shardDecode.hit()
    let start = MonotonicSeconds.now
    defer { decodeSeconds += MonotonicSeconds.now - start }
    try decompressor.decompress(picture, count: 1, configuration, placing: [(0, memory.image)])
    try decompressor.decompress(pixels, count: frameCount, configuration, placing: memory.frames)
    pictureByteCount += (1 + memory.frames.count) * configuration.pictureByteCount
  }

  /// zstd's part of `decode` alone: the floor that reading is measured against.
  func decompressOnly(
    pixels: UnsafeRawBufferPointer, frameCount: Int, picture: UnsafeRawBufferPointer,
    _ configuration: ShardConfiguration
  ) throws {
    try decompressor.decompressOnly(picture, count: 1, configuration)
    try decompressor.decompressOnly(pixels, count: frameCount, configuration)
  }
}
