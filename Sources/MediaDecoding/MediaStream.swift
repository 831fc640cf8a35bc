import CLibAV
import Faults
import Glibc

/// A file, or a part of one, as libav's demuxers read it: they see these bytes and can reach no others.
final class MediaStream {
  private let bytes: MediaBytes
  private var position = 0
  private(set) var context: UnsafeMutablePointer<AVIOContext>?

  private static let bufferByteCount: Int32 = 64 << 10

  init(_ bytes: MediaBytes) throws {
    self.bytes = bytes
    let buffer = av_malloc(Int(MediaStream.bufferByteCount))
    context = avio_alloc_context(
      buffer?.assumingMemoryBound(to: UInt8.self), MediaStream.bufferByteCount, 0,
      Unmanaged.passUnretained(self).toOpaque(),
      { MediaStream.of($0).read(into: $1, limit: $2) }, nil, { MediaStream.of($0).seek(to: $1, from: $2) })
    guard buffer != nil, context != nil else {
      av_free(buffer)
      throw MediaFailure("Out of memory", code: .internalError)
    }
  }

  deinit {
    // libav may have put another buffer in the place of the first.
    av_free(context?.pointee.buffer)
    avio_context_free(&context)
  }

  private static func of(_ opaque: UnsafeMutableRawPointer?) -> MediaStream {
    Unmanaged<MediaStream>.fromOpaque(opaque!).takeUnretainedValue()
  }

  private func read(into buffer: UnsafeMutablePointer<UInt8>?, limit: Int32) -> Int32 {
    guard let buffer else { return sgmn_averror(EINVAL) }
    guard let count = try? bytes.read(at: position, into: buffer, limit: Int(limit)) else { return sgmn_averror(EIO) }
    position += count
    return count > 0 ? Int32(count) : sgmn_averror_eof()
  }

  private func seek(to offset: Int64, from origin: Int32) -> Int64 {
    if origin & AVSEEK_SIZE != 0 { return Int64(bytes.byteCount) }
    let base: Int
    switch origin & ~AVSEEK_FORCE {
    case SEEK_SET: base = 0
    case SEEK_CUR: base = position
    case SEEK_END: base = bytes.byteCount
    default: return Int64(sgmn_averror(EINVAL))
    }
    let (target, overflow) = base.addingReportingOverflow(Int(offset))
    guard !overflow, target >= 0 else { return Int64(sgmn_averror(EINVAL)) }
    position = target
    return Int64(target)
  }
}
