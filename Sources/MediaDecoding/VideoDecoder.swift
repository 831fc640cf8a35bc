import CLibAV
import Glibc

/// One pass over the frames of the best video stream of a file, in presentation order.
///
/// libav's objects live as long as this one does. One thread at a time.
final class VideoDecoder {
  private var format: UnsafeMutablePointer<AVFormatContext>?
  private var codec: UnsafeMutablePointer<AVCodecContext>?
  private var packet: UnsafeMutablePointer<AVPacket>?
  private let frame: OwnedFrame
  private let stream: MediaStream
  private let streamIndex: Int32
  private var drained = false
  /// The number of frames the container claims; 0 where it says nothing.
  let claimedFrameCount: Int

  /// Containers whose demuxer reads the one file it is given, and nothing that file names.
  private static let containers = "mov,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,asf,ogg,gif,h264,hevc,m4v,ivf"

  /// Codecs that clips are made with; libav has hundreds of decoders that few files and few people ever tried. Sound is
  /// not among them: it is not decoded even to find out what it is.
  private static let codecs =
    "h264,hevc,vp8,vp9,av1,libdav1d,mpeg4,mpeg2video,mpeg1video,mjpeg,h263,flv,theora,msmpeg4,msmpeg4v2,wmv1,wmv2,wmv3,"
    + "vc1,gif,png,rawvideo"

  init(_ bytes: MediaBytes, limits: MediaLimits) throws {
    frame = try OwnedFrame()
    stream = try MediaStream(bytes)
    format = avformat_alloc_context()
    guard format != nil else { throw MediaFailure("Out of memory", code: .internalError) }
    format!.pointee.pb = stream.context
    var options: OpaquePointer?
    defer { av_dict_free(&options) }
    av_dict_set(&options, "protocol_whitelist", "none", 0)  // nothing a file names is opened
    av_dict_set(&options, "format_whitelist", VideoDecoder.containers, 0)
    av_dict_set(&options, "codec_whitelist", VideoDecoder.codecs, 0)
    try check(avformat_open_input(&format, bytes.location.path, nil, &options), "Cannot read this as a video")
    var chosen: Int32 = -1
    var claimed = 0
    do {
      format!.pointee.max_streams = 64
      try check(avformat_find_stream_info(format, nil), "Cannot find out what is in this video")
      var decoder: UnsafePointer<AVCodec>?
      chosen = try check(
        av_find_best_stream(format, AVMEDIA_TYPE_VIDEO, -1, -1, &decoder, 0), "No video stream that can be decoded")
      let stream = format!.pointee.streams[Int(chosen)]!
      claimed = Int(clamping: stream.pointee.nb_frames)
      codec = avcodec_alloc_context3(decoder)
      packet = av_packet_alloc()
      guard let codec, packet != nil else { throw MediaFailure("Out of memory", code: .internalError) }
      try check(avcodec_parameters_to_context(codec, stream.pointee.codecpar), "Unusable video parameters")
      codec.pointee.thread_count = 1  // clips are decoded side by side
      codec.pointee.max_pixels = Int64(limits.maximumPixelCount)
      codec.pointee.err_recognition = AV_EF_CRCCHECK | AV_EF_BITSTREAM | AV_EF_BUFFER | AV_EF_EXPLODE
      var codecOptions: OpaquePointer?
      defer { av_dict_free(&codecOptions) }
      av_dict_set(&codecOptions, "codec_whitelist", VideoDecoder.codecs, 0)
      let name = decoder.flatMap { String(cString: $0.pointee.name) } ?? "?"
      try check(avcodec_open2(codec, decoder, &codecOptions), "Cannot open the video's decoder (\(name))")
    } catch {
      avcodec_free_context(&codec)
      av_packet_free(&packet)
      avformat_close_input(&format)
      throw error
    }
    streamIndex = chosen
    claimedFrameCount = max(0, claimed)
    for index in 0..<Int(format!.pointee.nb_streams) where index != Int(chosen) {
      format!.pointee.streams[index]!.pointee.discard = AVDISCARD_ALL
    }
  }

  deinit {
    avcodec_free_context(&codec)
    av_packet_free(&packet)
    avformat_close_input(&format)
  }

  /// The next frame, valid until the next call; nil after the last.
  func next() throws -> UnsafeMutablePointer<AVFrame>? {
    while true {
      av_frame_unref(frame.pointer)
      let received = avcodec_receive_frame(codec, frame.pointer)
      if received == 0 {
        guard frame.pointer.pointee.decode_error_flags == 0 else { throw MediaFailure("A damaged video frame") }
        return frame.pointer
      }
      if received == sgmn_averror_eof() { return nil }
      guard received == sgmn_averror(EAGAIN) else {
        throw MediaFailure("Cannot decode a video frame", status: received)
      }
      try sendPacket()
    }
  }

  private func sendPacket() throws {
    precondition(!drained, "a drained decoder asked for more")
    defer { av_packet_unref(packet) }
    repeat {
      av_packet_unref(packet)
      let read = av_read_frame(format, packet)
      if read == sgmn_averror_eof() {
        drained = true
        try check(avcodec_send_packet(codec, nil), "Cannot finish decoding")
        return
      }
      try check(read, "Cannot read the video to its end")
    } while packet!.pointee.stream_index != streamIndex
    guard packet!.pointee.flags & AV_PKT_FLAG_CORRUPT == 0 else { throw MediaFailure("A damaged packet in the video") }
    try check(avcodec_send_packet(codec, packet), "Cannot decode the video")
  }
}
