import CLibAV
import Faults

/// Picture and video files to the squares of a set: decoded, resized, in the set's layout.
///
/// Sizes and weights are Pillow's and torchvision's (`Resizing`). What a file holds as 4:2:0 planes stays planes where
/// the layout is `yuv420`: no conversion to RGB and back lies between. Keeps decoders, tables and working memory from
/// file to file, so one serves a thread for all its files. One thread at a time.
public final class SquareDecoder {
  public let resolution: Int
  public let layout: PictureLayout
  private let limits: MediaLimits
  private let pictures: PictureDecoder
  private let frames = FrameConversion()
  private let resizer = Resizer()

  public init(resolution: Int, layout: PictureLayout, limits: MediaLimits = MediaLimits()) {
    precondition(resolution > 0, "a resolution of \(resolution)")
    self.resolution = resolution
    self.layout = layout
    self.limits = limits
    pictures = PictureDecoder(limits: limits)
  }

  /// Bytes of one square.
  public var pictureByteCount: Int { layout.byteCount(resolution: resolution) }

  /// Writes the square of a picture file to `output`, which has `pictureByteCount` bytes.
  ///
  /// Throws `Fault(.inputMissing)` without the file, `Fault(.badData)` where it is not a whole picture or too large.
  public func picture(at location: MediaLocation, into output: UnsafeMutableRawBufferPointer) throws {
    precondition(output.count == pictureByteCount, "\(output.count) bytes for a picture of \(pictureByteCount)")
    let target = output.baseAddress!.assumingMemoryBound(to: UInt8.self)
    try pictures.decode(location, for: layout, square: resolution) {
      resizer.centreSquare(of: $0, resolution: resolution, layout: layout, into: target)
    }
  }

  /// The square of a picture file.
  public func picture(at location: MediaLocation) throws -> [UInt8] { try pictures(at: [location]) }

  /// The squares of picture files, one behind the other.
  public func pictures(at locations: [MediaLocation]) throws -> [UInt8] {
    let byteCount = pictureByteCount
    return try [UInt8](unsafeUninitializedCapacity: byteCount * locations.count) { buffer, count in
      for location in locations {
        try picture(at: location, into: .init(start: buffer.baseAddress! + count, count: byteCount))
        count += byteCount
      }
    }
  }

  /// At most `limit` frames of a clip at even spacing (`FrameSampling.evenIndices` over its decoded frames): their
  /// numbers, and their squares one behind the other.
  ///
  /// Throws as `VideoFile.frames` does.
  public func clip(at location: MediaLocation, limit: Int) throws -> (indices: [Int], pictures: [UInt8]) {
    let byteCount = pictureByteCount
    let squares = try VideoFile(location, limits: limits).decodedFrames(limit: limit) { frame in
      let pixels = try frames.pixels(of: frame, for: layout)
      return [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
        resizer.centreSquare(of: pixels, resolution: resolution, layout: layout, into: buffer.baseAddress!)
        count = byteCount
      }
    }
    return (squares.map(\.index), Array(squares.map(\.frame).joined()))
  }
}
