import CLibAV
import Faults

/// Pictures to the bytes of a PNG or JPEG file.
public enum StillEncoder {
  /// A PNG, without loss.
  public static func png(_ image: RGBImage) throws -> [UInt8] {
    try encode(image, codec: AV_CODEC_ID_PNG, format: AV_PIX_FMT_RGB24, name: "PNG", PixelConversion()) { codec in
      codec.pointee.compression_level = 6
    }
  }

  /// A baseline JPEG with 4:2:0 colour.
  /// - Parameter quantiser: 2 (best) to 31 (smallest).
  public static func jpeg(
    _ image: RGBImage, quantiser: Int = 3, using conversion: PixelConversion = PixelConversion()
  ) throws -> [UInt8] {
    precondition((2...31).contains(quantiser), "a JPEG quantiser of \(quantiser)")
    return try encode(image, codec: AV_CODEC_ID_MJPEG, format: AV_PIX_FMT_YUVJ420P, name: "JPEG", conversion) { codec in
      codec.pointee.flags |= AV_CODEC_FLAG_QSCALE
      codec.pointee.global_quality = Int32(quantiser) * FF_QP2LAMBDA
    }
  }

  private static func encode(
    _ image: RGBImage, codec codecID: AVCodecID, format: AVPixelFormat, name: String,
    _ conversion: PixelConversion,
    configure: (UnsafeMutablePointer<AVCodecContext>) -> Void
  ) throws -> [UInt8] {
    try MediaFailure.naming(name) {
      guard let encoder = avcodec_find_encoder(codecID) else {
        throw MediaFailure("This libav was built without a \(name) encoder", code: .internalError)
      }
      var codec = avcodec_alloc_context3(encoder)
      var packet = av_packet_alloc()
      defer {
        av_packet_free(&packet)
        avcodec_free_context(&codec)
      }
      guard let codec, let packet else { throw MediaFailure("Out of memory", code: .internalError) }
      codec.pointee.width = Int32(image.width)
      codec.pointee.height = Int32(image.height)
      codec.pointee.pix_fmt = format
      codec.pointee.color_range = AVCOL_RANGE_JPEG
      codec.pointee.time_base = AVRational(num: 1, den: 1)
      codec.pointee.thread_count = 1
      codec.pointee.flags |= AV_CODEC_FLAG_BITEXACT
      configure(codec)
      try check(avcodec_open2(codec, encoder, nil), "Cannot open the \(name) encoder")
      let frame = try OwnedFrame(width: codec.pointee.width, height: codec.pointee.height, format: format)
      try conversion.copy(image, to: frame.pointer)
      frame.pointer.pointee.format = format.rawValue
      frame.pointer.pointee.color_range = AVCOL_RANGE_JPEG
      frame.pointer.pointee.quality = codec.pointee.global_quality
      frame.pointer.pointee.pts = 0
      try check(avcodec_send_frame(codec, frame.pointer), "Cannot encode the picture")
      try check(avcodec_send_frame(codec, nil), "Cannot encode the picture")
      try check(avcodec_receive_packet(codec, packet), "Cannot encode the picture")
      return Array(UnsafeBufferPointer(start: packet.pointee.data, count: Int(packet.pointee.size)))
    }
  }
}
