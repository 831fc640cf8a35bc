import CVectorKernels
import CZstd
import Faults

/// Compresses pictures as shards/FORMAT.md says. It keeps zstd's working memory: one a thread.
final class PixelCompressor {
  private let encoding: PixelEncoding
  private let resolution: Int
  private let context: OpaquePointer
  private let lowContext: OpaquePointer
  private var codes: [UInt8]
  private var halves: [UInt8] = []

  init(_ configuration: ShardConfiguration) throws {
    guard let context = ZSTD_createCCtx(), let lowContext = ZSTD_createCCtx() else {
      throw Fault(.internalError, "No memory for a zstd compressor")
    }
    encoding = configuration.pixelEncoding
    resolution = configuration.resolution
    self.context = context
    self.lowContext = lowContext
    codes = [UInt8](repeating: 0, count: configuration.pictureByteCount + 1)
    // One frame, content size stated, no checksum (XXH3 covers the frame), no dictionary, one thread: reproducible.
    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, Int32(configuration.compressionLevel))
    // The lower halves are close to noise: searching for repetitions finds none and slows both sides down, entropy
    // coding alone gives what there is to gain. A fast level would leave literals uncoded; parameter 5 ("literal
    // compression mode", 1 = always) asks for it. A zstd without it would only make larger shards.
    ZSTD_CCtx_setParameter(lowContext, ZSTD_c_compressionLevel, -100)
    ZSTD_CCtx_setParameter(lowContext, ZSTD_c_experimentalParam5, 1)
  }

  deinit {
    ZSTD_freeCCtx(context)
    ZSTD_freeCCtx(lowContext)
  }

  /// The stored bytes of pictures in the set's encoding; none of none.
  func compressed(_ pictures: [UInt8]) throws -> [UInt8] {
    guard !pictures.isEmpty else { return [] }
    switch encoding {
    case .rgb: return try pictures.withUnsafeBytes { try frame($0, context) }
    case .yuv420:
      let size = encoding.pictureByteCount(resolution: resolution)
      let count = pictures.count / size
      let half = count * ((size + 1) / 2)
      if halves.count < 2 * half { halves = [UInt8](repeating: 0, count: 2 * half) }
      halves.withUnsafeMutableBufferPointer { halves in
        let (high, low) = (halves.baseAddress!, halves.baseAddress! + half)
        codes.withUnsafeMutableBufferPointer {
          vk_residual_halves(pictures, $0.baseAddress, high, low, count, resolution)
        }
      }
      return try halves.withUnsafeBytes { halves in
        let high = try frame(UnsafeRawBufferPointer(rebasing: halves[..<half]), context)
        let low = try frame(UnsafeRawBufferPointer(rebasing: halves[half..<2 * half]), lowContext)
        return withUnsafeBytes(of: UInt32(high.count).littleEndian) { Array($0) } + high + low
      }
    }
  }

  private func frame(_ content: UnsafeRawBufferPointer, _ context: OpaquePointer) throws -> [UInt8] {
    let bound = ZSTD_compressBound(content.count)
    return try [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
      let result = ZSTD_compress2(context, buffer.baseAddress, bound, content.baseAddress, content.count)
      guard ZSTD_isError(result) == 0 else {
        throw Fault(.internalError, "zstd cannot compress: \(String(cString: ZSTD_getErrorName(result)))")
      }
      count = result
    }
  }
}

/// Decompresses pictures. It keeps zstd's working memory: one a thread. What is thrown has no place yet.
final class PixelDecompressor {
  private let context: OpaquePointer
  private var halves = RawBuffer()

  init() {
    guard let context = ZSTD_createDCtx() else { preconditionFailure("no memory for a zstd decompressor") }
    self.context = context
  }

  deinit { ZSTD_freeDCtx(context) }

  /// Fills the front of `pictures` with `count` pictures. `Fault(.badData)` if the stored bytes do not hold exactly
  /// those; nothing is allocated before the zstd frames announce what is expected.
  func decompress(
    _ stored: UnsafeRawBufferPointer, into pictures: inout RawBuffer, count: Int, _ configuration: ShardConfiguration
  ) throws {
    guard count > 0 else {
      guard stored.isEmpty else { throw Fault(.badData, "There are pixels without a frame") }
      return
    }
    let size = count * configuration.pictureByteCount
    switch configuration.pixelEncoding {
    case .rgb:
      try check(stored, contentByteCount: size)
      pictures.grow(to: size)
      try frame(stored, into: UnsafeMutableRawBufferPointer(rebasing: pictures.bytes[..<size]))
    case .yuv420:
      let half = count * ((configuration.pictureByteCount + 1) / 2)
      try decompressHalves(stored, half)
      pictures.grow(to: size)
      let base = halves.bytes.baseAddress!.assumingMemoryBound(to: UInt8.self)
      vk_pictures_from_halves(
        base, base + half, pictures.bytes.baseAddress!.assumingMemoryBound(to: UInt8.self), count,
        configuration.resolution)
    }
  }

  /// Decompresses `count` pictures and puts some of them where they are wanted: picture `number` of each pair into its
  /// memory of one picture. The others are not unpacked. Throws as `decompress` does.
  func decompress(
    _ stored: UnsafeRawBufferPointer, count: Int, _ configuration: ShardConfiguration,
    placing wanted: [(number: Int, memory: UnsafeMutableRawBufferPointer)]
  ) throws {
    guard count > 0 else {
      guard stored.isEmpty else { throw Fault(.badData, "There are pixels without a frame") }
      return
    }
    let size = configuration.pictureByteCount
    for (number, memory) in wanted {
      precondition(number >= 0 && number < count && memory.count == size, "picture \(number) of \(count)")
    }
    switch configuration.pixelEncoding {
    case .rgb:
      try check(stored, contentByteCount: count * size)
      halves.grow(to: count * size)
      try frame(stored, into: UnsafeMutableRawBufferPointer(rebasing: halves.bytes[..<(count * size)]))
      for (number, memory) in wanted {
        memory.copyMemory(
          from: UnsafeRawBufferPointer(rebasing: halves.bytes[(number * size)..<((number + 1) * size)]))
      }
    case .yuv420:
      let half = (size + 1) / 2
      try decompressHalves(stored, count * half)
      let base = halves.bytes.baseAddress!.assumingMemoryBound(to: UInt8.self)
      for (number, memory) in wanted {
        vk_pictures_from_halves(
          base + number * half, base + (count + number) * half, memory.baseAddress!.assumingMemoryBound(to: UInt8.self),
          1, configuration.resolution)
      }
    }
  }

  /// zstd's part of `decompress` alone: what no reader of these bytes can do without.
  func decompressOnly(_ stored: UnsafeRawBufferPointer, count: Int, _ configuration: ShardConfiguration) throws {
    guard count > 0 else { return }
    switch configuration.pixelEncoding {
    case .rgb:
      let size = count * configuration.pictureByteCount
      halves.grow(to: size)
      try frame(stored, into: UnsafeMutableRawBufferPointer(rebasing: halves.bytes[..<size]))
    case .yuv420: try decompressHalves(stored, count * ((configuration.pictureByteCount + 1) / 2))
    }
  }

  /// Upper halves, then lower ones, into `halves`.
  private func decompressHalves(_ stored: UnsafeRawBufferPointer, _ half: Int) throws {
    guard stored.count >= 4 else { throw Fault(.badData, "The pixels end early") }
    let highByteCount = Int(UInt32(littleEndian: stored.loadUnaligned(as: UInt32.self)))
    guard highByteCount <= stored.count - 4 else {
      throw Fault(.badData, "The pixels announce \(highByteCount) bytes of upper halves, of \(stored.count)")
    }
    let high = UnsafeRawBufferPointer(rebasing: stored[4..<4 + highByteCount])
    let low = UnsafeRawBufferPointer(rebasing: stored[(4 + highByteCount)...])
    try check(high, contentByteCount: half)
    try check(low, contentByteCount: half)
    halves.grow(to: 2 * half)
    try frame(high, into: UnsafeMutableRawBufferPointer(rebasing: halves.bytes[..<half]))
    try frame(low, into: UnsafeMutableRawBufferPointer(rebasing: halves.bytes[half..<2 * half]))
  }

  private func check(_ stored: UnsafeRawBufferPointer, contentByteCount: Int) throws {
    guard ZSTD_getFrameContentSize(stored.baseAddress, stored.count) == UInt64(contentByteCount) else {
      throw Fault(.badData, "The zstd frame does not announce the \(contentByteCount) bytes that are expected")
    }
    guard ZSTD_findFrameCompressedSize(stored.baseAddress, stored.count) == stored.count else {
      throw Fault(.badData, "The pixels are not exactly one zstd frame")
    }
  }

  private func frame(_ stored: UnsafeRawBufferPointer, into content: UnsafeMutableRawBufferPointer) throws {
    let count = ZSTD_decompressDCtx(context, content.baseAddress, content.count, stored.baseAddress, stored.count)
    guard ZSTD_isError(count) == 0 else {
      throw Fault(.badData, "zstd cannot decompress the pixels: \(String(cString: ZSTD_getErrorName(count)))")
    }
    guard count == content.count else {
      throw Fault(.badData, "The pixels have \(count) bytes, expected \(content.count)")
    }
  }
}
