/// A picture on disk: JPEG, PNG, WebP or BMP, known by its first bytes and not by its name.
///
/// As Pillow's `convert("RGB")`: transparency is dropped, a palette is looked up, EXIF rotation is not applied. For
/// many pictures take a `SquareDecoder`, which keeps its memory.
public struct ImageFile: Sendable {
  public let location: MediaLocation
  public let limits: MediaLimits

  public init(_ location: MediaLocation, limits: MediaLimits = MediaLimits()) {
    self.location = location
    self.limits = limits
  }

  public init(path: String, limits: MediaLimits = MediaLimits()) {
    self.init(MediaLocation(path), limits: limits)
  }

  /// The decoded picture.
  ///
  /// Throws `Fault(.inputMissing)` without the file, `Fault(.badData)` where it is not a whole picture or too large.
  public func decode() throws -> RGBImage {
    try PictureDecoder(limits: limits).decode(location, for: .rgb) { pixels in
      guard case .rgb(let view) = pixels else { preconditionFailure("planes where RGB was asked for") }
      return RGBImage(view)
    }
  }
}
