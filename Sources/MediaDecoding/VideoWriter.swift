import CLibAV
import Faults
import Glibc

/// Frames to an MP4 file without sound.
///
/// Equal frames give equal bytes on the same libraries. One thread at a time.
public final class VideoWriter {
  public let path: String
  private var format: UnsafeMutablePointer<AVFormatContext>?
  private var codec: UnsafeMutablePointer<AVCodecContext>?
  private var packet: UnsafeMutablePointer<AVPacket>?
  private let frame: OwnedFrame
  private let conversion: PixelConversion
  private var frameCount: Int64 = 0

  public enum Codec: String, Sendable, Codable, CaseIterable {
    /// Part of every libav, and quick to set up: a clip of seconds costs a tenth of what H.264 costs.
    case mpeg4
    /// Needs a libav with libx264.
    case h264
  }

  public struct Configuration: Sendable {
    /// Even numbers of pixels.
    public var width: Int
    public var height: Int
    public var framesPerSecond: Int
    public var codec: Codec
    /// x264's constant rate factor: 18 is near the source, 28 is small. Ignored by MPEG-4.
    public var rateFactor: Int

    public init(
      width: Int, height: Int, framesPerSecond: Int = 6, codec: Codec = .mpeg4, rateFactor: Int = 23
    ) {
      precondition(width > 0 && height > 0 && width % 2 == 0 && height % 2 == 0, "a video of \(width)×\(height)")
      precondition(framesPerSecond > 0 && (0...51).contains(rateFactor), "\(framesPerSecond) fps, CRF \(rateFactor)")
      self.width = width
      self.height = height
      self.framesPerSecond = framesPerSecond
      self.codec = codec
      self.rateFactor = rateFactor
    }
  }

  /// Creates the file. Throws `Fault(.inputOutput)` or `.badData` with libav's text where it cannot.
  public init(
    path: String, configuration: Configuration, using conversion: PixelConversion = PixelConversion()
  ) throws {
    self.path = path
    self.conversion = conversion
    frame = try MediaFailure.naming(path) {
      try OwnedFrame(
        width: Int32(configuration.width), height: Int32(configuration.height), format: AV_PIX_FMT_YUV420P)
    }
    do {
      try MediaFailure.naming(path) { try open(configuration) }
    } catch {
      free()
      throw error
    }
  }

  deinit { free() }

  private func free() {
    if let format, format.pointee.pb != nil { avio_closep(&format.pointee.pb) }
    avcodec_free_context(&codec)
    av_packet_free(&packet)
    avformat_free_context(format)
    format = nil
  }

  private func open(_ configuration: Configuration) throws {
    let name = "file:" + path
    try check(avformat_alloc_output_context2(&format, nil, "mp4", name), "No MP4 writer")
    let isH264 = configuration.codec == .h264
    guard let encoder = isH264 ? avcodec_find_encoder_by_name("libx264") : avcodec_find_encoder(AV_CODEC_ID_MPEG4)
    else {
      throw MediaFailure(
        "This libav was built without \(isH264 ? "libx264, the H.264 encoder" : "an MPEG-4 encoder")",
        code: .internalError)
    }
    guard let stream = avformat_new_stream(format, nil), let codec = avcodec_alloc_context3(encoder),
      let packet = av_packet_alloc()
    else { throw MediaFailure("Out of memory", code: .internalError) }
    self.codec = codec
    self.packet = packet
    codec.pointee.width = Int32(configuration.width)
    codec.pointee.height = Int32(configuration.height)
    codec.pointee.pix_fmt = AV_PIX_FMT_YUV420P
    codec.pointee.time_base = AVRational(num: 1, den: Int32(configuration.framesPerSecond))
    codec.pointee.framerate = AVRational(num: Int32(configuration.framesPerSecond), den: 1)
    codec.pointee.gop_size = 12
    codec.pointee.thread_count = 1
    codec.pointee.flags |= AV_CODEC_FLAG_GLOBAL_HEADER | AV_CODEC_FLAG_BITEXACT
    var options: OpaquePointer?
    defer { av_dict_free(&options) }
    if isH264 {
      av_dict_set(&options, "preset", "ultrafast", 0)
      av_dict_set(&options, "crf", String(configuration.rateFactor), 0)
      // x264 fills a table for every quantiser it may use, which for clips of seconds costs more than encoding them.
      av_dict_set(&options, "x264-params", "qpmin=16:qpmax=36:mvrange=32", 0)
      av_dict_set(&options, "tune", "zerolatency", 0)  // no look-ahead to fill and free for a clip of seconds
    } else {
      codec.pointee.flags |= AV_CODEC_FLAG_QSCALE
      codec.pointee.global_quality = 3 * FF_QP2LAMBDA
    }
    try check(avcodec_open2(codec, encoder, &options), "Cannot open the video encoder")
    try check(avcodec_parameters_from_context(stream.pointee.codecpar, codec), "Unusable video parameters")
    stream.pointee.time_base = codec.pointee.time_base
    stream.pointee.avg_frame_rate = codec.pointee.framerate
    format!.pointee.flags |= AVFMT_FLAG_BITEXACT
    try check(avio_open(&format!.pointee.pb, name, AVIO_FLAG_WRITE), "Cannot create the file")
    var movie: OpaquePointer?
    defer { av_dict_free(&movie) }
    av_dict_set(&movie, "movflags", "+faststart", 0)  // the frames last, so that no cut goes unnoticed
    try check(avformat_write_header(format, &movie), "Cannot write the file")
  }

  /// Adds a frame of the configured size.
  public func append(_ image: RGBImage) throws {
    let size = (image.width, image.height)
    let own = (Int(frame.pointer.pointee.width), Int(frame.pointer.pointee.height))
    precondition(size == own, "a frame of \(size) in a video of \(own)")
    try MediaFailure.naming(path) {
      try check(av_frame_make_writable(frame.pointer), "Cannot reuse the frame")
      try conversion.copy(image, to: frame.pointer)
      frame.pointer.pointee.pts = frameCount
      frameCount += 1
      try check(avcodec_send_frame(codec, frame.pointer), "Cannot encode a frame")
      try writePackets()
    }
  }

  /// Ends the file. Without it the file is not a video.
  public func finish() throws {
    try MediaFailure.naming(path) {
      try check(avcodec_send_frame(codec, nil), "Cannot finish encoding")
      try writePackets()
      try check(av_write_trailer(format), "Cannot finish the file")
      try check(avio_closep(&format!.pointee.pb), "Cannot close the file")
    }
  }

  private func writePackets() throws {
    let stream = format!.pointee.streams[0]!
    while true {
      let received = avcodec_receive_packet(codec, packet)
      if received == sgmn_averror(EAGAIN) || received == sgmn_averror_eof() { return }
      try check(received, "Cannot encode a frame")
      packet!.pointee.duration = 1
      av_packet_rescale_ts(packet, codec!.pointee.time_base, stream.pointee.time_base)
      packet!.pointee.stream_index = 0
      try check(av_interleaved_write_frame(format, packet), "Cannot write the file")
    }
  }
}
