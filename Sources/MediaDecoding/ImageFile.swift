import CLibAV
import Faults
import Glibc

/// A picture on disk: JPEG, PNG, WebP or BMP, known by its first bytes and not by its name.
///
/// As Pillow's `convert("RGB")`: transparency is dropped, a palette is looked up, EXIF rotation is not applied.
public struct ImageFile: Sendable {
  public let path: String
  public let limits: MediaLimits

  public init(path: String, limits: MediaLimits = MediaLimits()) {
    self.path = path
    self.limits = limits
  }

  /// The decoded picture. `conversion` keeps its tables from picture to picture.
  ///
  /// Throws `Fault(.inputMissing)` without the file, `Fault(.badData)` where it is not a whole picture or too large.
  public func decode(using conversion: PixelConversion = PixelConversion()) throws -> RGBImage {
    let bytes = try contents()
    return try LibAVFailure.naming(path, remedy: "Replace the file, or leave bad clips out with --on-bad skip") {
      guard let codec = ImageFile.codec(of: bytes) else {
        throw LibAVFailure(bytes.isEmpty ? "An empty file" : "Not a JPEG, PNG, WebP or BMP picture")
      }
      return try decode(bytes, as: codec, conversion)
    }
  }

  private func contents() throws -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Fault.system("open", path: path, errno: errno) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw Fault.system("stat", path: path, errno: errno) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw Fault(.badData, "Not a regular file", at: path) }
    let byteCount = Int(status.st_size)
    guard byteCount <= limits.maximumPictureByteCount else {
      throw Fault(
        .badData, "A picture file of \(byteCount) bytes, more than \(limits.maximumPictureByteCount)", at: path)
    }
    var failure: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
      while count < byteCount {
        let got = read(descriptor, buffer.baseAddress! + count, byteCount - count)
        if got < 0, errno == EINTR { continue }
        if got < 0 { failure = errno }
        if got <= 0 { break }
        count += got
      }
    }
    guard failure == 0 else { throw Fault.system("read", path: path, errno: failure) }
    return bytes
  }

  private static func codec(of bytes: [UInt8]) -> AVCodecID? {
    if bytes.starts(with: [0xFF, 0xD8, 0xFF]) { return AV_CODEC_ID_MJPEG }
    if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return AV_CODEC_ID_PNG }
    if bytes.starts(with: Array("RIFF".utf8)), bytes.dropFirst(8).starts(with: Array("WEBP".utf8)) {
      return AV_CODEC_ID_WEBP
    }
    if bytes.starts(with: Array("BM".utf8)) { return AV_CODEC_ID_BMP }
    return nil
  }

  private func decode(
    _ bytes: [UInt8], as codecID: AVCodecID, _ conversion: PixelConversion
  ) throws -> RGBImage {
    guard let decoder = avcodec_find_decoder(codecID) else {
      throw LibAVFailure("This libav was built without the decoder")
    }
    var codec = avcodec_alloc_context3(decoder)
    var packet = av_packet_alloc()
    defer {
      av_packet_free(&packet)
      avcodec_free_context(&codec)
    }
    guard let codec, let packet else { throw LibAVFailure("Out of memory", code: .internalError) }
    codec.pointee.thread_count = 1
    codec.pointee.max_pixels = Int64(limits.maximumPixelCount)
    codec.pointee.err_recognition = AV_EF_CRCCHECK | AV_EF_BITSTREAM | AV_EF_BUFFER | AV_EF_EXPLODE
    try check(avcodec_open2(codec, decoder, nil), "Cannot open the picture's decoder")
    try check(av_new_packet(packet, Int32(bytes.count)), "Cannot hold a picture of \(bytes.count) bytes")
    bytes.withUnsafeBufferPointer { packet.pointee.data.update(from: $0.baseAddress!, count: $0.count) }
    let frame = try OwnedFrame()
    try check(avcodec_send_packet(codec, packet), "Cannot decode the picture")
    try check(avcodec_send_packet(codec, nil), "Cannot decode the picture")
    try check(avcodec_receive_frame(codec, frame.pointer), "Cannot decode the picture")
    guard frame.pointer.pointee.decode_error_flags == 0 else { throw LibAVFailure("A damaged picture") }
    return try conversion.image(of: frame.pointer)
  }
}
