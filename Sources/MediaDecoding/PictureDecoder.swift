import CLibAV
import Faults

/// Picture files to pixels: JPEG by libjpeg-turbo, all else by libav.
///
/// As Pillow's `convert("RGB")`: transparency is dropped, a palette is looked up, EXIF rotation is not applied. Keeps
/// buffers and libjpeg-turbo's decoder from picture to picture. One thread at a time.
final class PictureDecoder {
  private let limits: MediaLimits
  private let input = ScratchBuffer()
  private let conversion = PixelConversion()
  private let jpeg = JPEGDecoder()

  init(limits: MediaLimits) { self.limits = limits }

  /// Runs `body` with the pixels of a picture, which are planes of luma and colour only where `layout` asks for them
  /// and the file has them. The pixels are gone after `body`. Where `square` is given, only what the centre square of
  /// that many pixels is made of need be right.
  ///
  /// Throws `Fault(.inputMissing)` without the file, `Fault(.badData)` where it is not a whole picture or too large.
  func decode<Result>(
    _ location: MediaLocation, for layout: PictureLayout, square: Int? = nil, _ body: (PixelView) throws -> Result
  ) throws -> Result {
    let bytes = try contents(of: location)
    return try MediaFailure.naming(location.description, remedy: VideoFile.remedy) {
      guard let format = PictureFormat(bytes) else {
        throw MediaFailure(bytes.isEmpty ? "An empty file" : "Not a JPEG, PNG, WebP or BMP picture")
      }
      if format == .jpeg, let pixels = try decodeJPEG(bytes, for: layout, square: square) { return try body(pixels) }
      return try body(.rgb(try decode(bytes, as: format)))
    }
  }

  /// The bytes of a file, and after them as many zeros as libav may read beyond the end.
  private func contents(of location: MediaLocation) throws -> UnsafeBufferPointer<UInt8> {
    let file = try MediaBytes(location)
    guard file.byteCount <= limits.maximumPictureByteCount else {
      throw Fault(
        .badData, "A picture file of \(file.byteCount) bytes, more than \(limits.maximumPictureByteCount)",
        at: location.description)
    }
    let padding = Int(AV_INPUT_BUFFER_PADDING_SIZE)
    let base = input.reserve(file.byteCount + padding)
    try file.readAll(into: base)
    (base + file.byteCount).update(repeating: 0, count: padding)
    return UnsafeBufferPointer(start: base, count: file.byteCount)
  }

  /// nil where libjpeg-turbo does not take the file.
  private func decodeJPEG(
    _ bytes: UnsafeBufferPointer<UInt8>, for layout: PictureLayout, square: Int?
  ) throws -> PixelView? {
    guard let header = try jpeg.header(of: bytes) else { return nil }
    guard header.width <= limits.maximumPixelCount / header.height else {
      throw MediaFailure(
        "A picture of \(header.width)×\(header.height), more than \(limits.maximumPixelCount) pixels")
    }
    guard layout == .yuv420, header.hasPlanes else { return .rgb(try jpeg.rgb(header, of: bytes)) }
    let lines = square.map {
      SquareGeometry(width: header.width, height: header.height, resolution: $0).down.sourceRange
    }
    return try jpeg.planes(header, of: bytes, lines: lines ?? 0..<header.height)
  }

  /// A codec of its own for each picture: what one file leaves behind must not reach the next.
  private func decode(_ bytes: UnsafeBufferPointer<UInt8>, as format: PictureFormat) throws -> PlaneView {
    guard let decoder = avcodec_find_decoder(format.codec) else {
      throw MediaFailure("This libav was built without the decoder")
    }
    var codec = avcodec_alloc_context3(decoder)
    var packet = av_packet_alloc()
    defer {
      av_packet_free(&packet)
      avcodec_free_context(&codec)
    }
    guard let codec, let packet else { throw MediaFailure("Out of memory", code: .internalError) }
    codec.pointee.thread_count = 1
    codec.pointee.max_pixels = Int64(limits.maximumPixelCount)
    codec.pointee.err_recognition = AV_EF_CRCCHECK | AV_EF_BITSTREAM | AV_EF_BUFFER | AV_EF_EXPLODE
    try check(avcodec_open2(codec, decoder, nil), "Cannot open the picture's decoder")
    packet.pointee.data = UnsafeMutablePointer(mutating: bytes.baseAddress)  // borrowed: the codec makes its own copy
    packet.pointee.size = Int32(bytes.count)
    let frame = try OwnedFrame()
    try check(avcodec_send_packet(codec, packet), "Cannot decode the picture")
    try check(avcodec_send_packet(codec, nil), "Cannot decode the picture")
    try check(avcodec_receive_frame(codec, frame.pointer), "Cannot decode the picture")
    guard frame.pointer.pointee.decode_error_flags == 0 else { throw MediaFailure("A damaged picture") }
    return try conversion.pixels(of: frame.pointer)
  }
}
