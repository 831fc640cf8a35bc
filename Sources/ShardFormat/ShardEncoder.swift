import CZstd
import DurableFiles
import Faults

/// Checks and compresses samples. It keeps zstd's working memory between samples: one encoder a thread.
public final class ShardEncoder {
  public let configuration: ShardConfiguration
  private let context: OpaquePointer
  private let configurationHash: UInt64
  private var content: [UInt8] = []

  /// Throws `Fault(.configuration)` if the configuration is not valid.
  public init(configuration: ShardConfiguration) throws {
    try configuration.validate()
    guard let context = ZSTD_createCCtx() else {
      throw Fault(.internalError, "No memory for a zstd compressor")
    }
    self.configuration = configuration
    self.context = context
    configurationHash = XXH3.hash(configuration.record)
    // One frame, content size stated, no checksum (XXH3 covers the frame), no dictionary, one thread: reproducible.
    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, Int32(configuration.compressionLevel))
  }

  deinit { ZSTD_freeCCtx(context) }

  /// Encodes one sample; `Fault(.badData)` naming the clip if its pixels do not have the size that frames and
  /// resolution give, or a field exceeds a limit of the format.
  public func encode(_ sample: Sample) throws -> EncodedSample {
    let details = try sample.summary.encoded(configuration)
    let picture = configuration.pictureByteCount
    let place = "clip '\(sample.clipID)', image '\(sample.imageID)'"
    guard sample.image.count == picture else {
      throw Fault(.badData, "The image has \(sample.image.count) bytes, expected \(picture)", at: place)
    }
    guard sample.frames.count == sample.frameCount * picture else {
      throw Fault(
        .badData,
        "\(sample.frameCount) frames have \(sample.frames.count) bytes, expected \(sample.frameCount * picture)",
        at: place)
    }
    content.removeAll(keepingCapacity: true)
    content.append(contentsOf: sample.image)
    content.append(contentsOf: sample.frames)
    let pixels = try compressed(place)
    return EncodedSample(
      details: details, pixels: pixels, frameCount: sample.frameCount, contentByteCount: content.count,
      encoding: configuration.pixelEncoding, detailsHash: XXH3.hash(details), pixelHash: XXH3.hash(pixels),
      productKey: XXH3.hash(sample.productID), imageKey: XXH3.hash(sample.imageID),
      configurationHash: configurationHash)
  }

  private func compressed(_ place: String) throws -> [UInt8] {
    let bound = ZSTD_compressBound(content.count)
    return try [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
      let result = ZSTD_compress2(context, buffer.baseAddress, bound, content, content.count)
      guard ZSTD_isError(result) == 0 else {
        throw Fault(.internalError, "zstd cannot compress: \(String(cString: ZSTD_getErrorName(result)))", at: place)
      }
      count = result
    }
  }
}
