import CZstd
import DurableFiles
import Faults

/// The working memory to read samples: a zstd context and two buffers. One decoder a thread, for any number of sets.
///
/// After `ShardSet.load(at:using:)` the pixels of that sample are here, until the next one is loaded.
public final class ShardDecoder {
  private let context: OpaquePointer
  private var stored = UnsafeMutableRawBufferPointer(start: nil, count: 0)
  private var content = UnsafeMutableRawBufferPointer(start: nil, count: 0)
  private var pictureByteCount = 0
  private var frameCount = 0

  public init() {
    guard let context = ZSTD_createDCtx() else { preconditionFailure("no memory for a zstd decompressor") }
    self.context = context
  }

  deinit {
    ZSTD_freeDCtx(context)
    stored.deallocate()
    content.deallocate()
  }

  /// [3, R, R] of the sample loaded last.
  public var image: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: content[..<pictureByteCount])
  }

  /// [frames, 3, R, R] of the sample loaded last.
  public var frames: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: content[pictureByteCount..<(pictureByteCount * (1 + frameCount))])
  }

  /// Reads, verifies and decompresses the pixels of one sample. What is thrown has no place yet.
  func load(_ entry: SampleEntry, from file: FileReader, resolution: Int) throws {
    (pictureByteCount, frameCount) = (0, 0)
    ShardDecoder.grow(&stored, entry.pixelByteCount)
    let bytes = UnsafeMutableRawBufferPointer(rebasing: stored[..<entry.pixelByteCount])
    try file.read(at: entry.pixelOffset, into: bytes)
    let hash = XXH3.hash(UnsafeRawBufferPointer(bytes))
    guard hash == entry.pixelHash else { throw Fault(.badData, "The pixels are damaged: their hash does not match") }

    // The frame itself must agree with the index before a byte of output is allocated or written.
    let announced = ZSTD_getFrameContentSize(bytes.baseAddress, bytes.count)
    guard announced == UInt64(entry.contentByteCount) else {
      throw Fault(.badData, "The zstd frame does not announce the \(entry.contentByteCount) bytes of the index")
    }
    guard ZSTD_findFrameCompressedSize(bytes.baseAddress, bytes.count) == bytes.count else {
      throw Fault(.badData, "The pixels are not exactly one zstd frame")
    }
    ShardDecoder.grow(&content, entry.contentByteCount)
    let count = ZSTD_decompressDCtx(
      context, content.baseAddress, entry.contentByteCount, bytes.baseAddress, bytes.count)
    guard ZSTD_isError(count) == 0 else {
      throw Fault(.badData, "zstd cannot decompress the pixels: \(String(cString: ZSTD_getErrorName(count)))")
    }
    guard count == entry.contentByteCount else {
      throw Fault(.badData, "The pixels have \(count) bytes, expected \(entry.contentByteCount)")
    }
    pictureByteCount = 3 * resolution * resolution
    frameCount = entry.frameCount
  }

  /// Makes room for `count` bytes; the content is lost.
  private static func grow(_ buffer: inout UnsafeMutableRawBufferPointer, _ count: Int) {
    guard buffer.count < count else { return }
    buffer.deallocate()
    buffer = .allocate(byteCount: count + count / 4, alignment: 64)
  }
}
