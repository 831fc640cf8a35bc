import CLibAV

/// The kinds of picture file that are read, known by their first bytes and not by their names.
enum PictureFormat {
  case jpeg, png, webP, bmp

  init?(_ bytes: UnsafeBufferPointer<UInt8>) {
    func has(_ expected: [UInt8], at offset: Int = 0) -> Bool {
      bytes.count >= offset + expected.count && zip(bytes[offset...], expected).allSatisfy { $0 == $1 }
    }
    if has([0xFF, 0xD8, 0xFF]) {
      self = .jpeg
    } else if has([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
      self = .png
    } else if has(Array("RIFF".utf8)), has(Array("WEBP".utf8), at: 8) {
      self = .webP
    } else if has(Array("BM".utf8)) {
      self = .bmp
    } else {
      return nil
    }
  }

  var codec: AVCodecID {
    switch self {
    case .jpeg: AV_CODEC_ID_MJPEG
    case .png: AV_CODEC_ID_PNG
    case .webP: AV_CODEC_ID_WEBP
    case .bmp: AV_CODEC_ID_BMP
    }
  }
}
