/// One plane of bytes that somebody else owns; rows are `stride` bytes apart.
struct PlaneView {
  var base: UnsafePointer<UInt8>
  var stride: Int
  var width: Int
  var height: Int
}

/// The pixels of a decoded picture, in memory that its decoder reuses.
enum PixelView {
  /// Interleaved `[height, width, 3]`; `stride` and `width` of the view count in bytes and pixels.
  case rgb(PlaneView)
  /// Full-range BT.601 planes; no colour planes: a grey picture.
  case yuv420(luma: PlaneView, colour: (PlaneView, PlaneView)?, siting: ChromaSiting)
}

/// Where a sample of colour lies among the four of luma that it belongs to, as distances from their centre in samples
/// of luma.
struct ChromaSiting: Equatable {
  var across: Double
  var down: Double

  /// As in JPEG files.
  static let centre = ChromaSiting(across: 0, down: 0)
  /// As in most H.264 files: in the middle of the two on the left.
  static let left = ChromaSiting(across: -0.5, down: 0)
  static let topLeft = ChromaSiting(across: -0.5, down: -0.5)
}
