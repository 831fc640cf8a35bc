import CLibAV
import Faults

/// libavcodec's JPEG decoder alone: no file, no resize, the frame thrown away. The speed of building shards is measured
/// against it; nothing is built with it.
///
/// The codec and its frame serve one picture after another. One thread at a time.
public final class LibAVJPEGDecoder {
  private var codec: UnsafeMutablePointer<AVCodecContext>?
  private var packet: UnsafeMutablePointer<AVPacket>?
  private let frame: OwnedFrame

  public init() throws {
    frame = try OwnedFrame()
    let decoder = avcodec_find_decoder(AV_CODEC_ID_MJPEG)
    codec = avcodec_alloc_context3(decoder)
    packet = av_packet_alloc()
    codec?.pointee.thread_count = 1
    try MediaFailure.naming("JPEG") {
      guard codec != nil, packet != nil else { throw MediaFailure("Out of memory", code: .internalError) }
      try check(avcodec_open2(codec, decoder, nil), "Cannot open the decoder")
    }
  }

  deinit {
    av_packet_free(&packet)
    avcodec_free_context(&codec)
  }

  /// Decodes a file's bytes to planes and drops them; the number of its pixels.
  ///
  /// Throws `Fault(.badData)` where it is not a JPEG.
  public func decode(_ bytes: [UInt8]) throws -> Int {
    try MediaFailure.naming("JPEG") {
      try check(av_new_packet(packet, Int32(bytes.count)), "Cannot hold a picture of \(bytes.count) bytes")
      defer { av_packet_unref(packet) }
      packet!.pointee.data.update(from: bytes, count: bytes.count)
      try check(avcodec_send_packet(codec, packet), "Cannot decode the picture")
      try check(avcodec_receive_frame(codec, frame.pointer), "Cannot decode the picture")
      defer { av_frame_unref(frame.pointer) }
      return Int(frame.pointer.pointee.width) * Int(frame.pointer.pointee.height)
    }
  }
}
