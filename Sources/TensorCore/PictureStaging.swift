/// Sends the pictures of batches to a device. Used by one thread at a time, which need not be the one that computes.
public protocol PictureStaging: AnyObject, Sendable {
  /// Copies `count` pictures of `byteCount` bytes each, and returns when the last one has been read; they need not have
  /// arrived.
  func stage(_ count: Int, byteCount: Int, picture: (Int) -> UnsafeRawBufferPointer) -> any StagedPictures
}

/// The pictures of a batch on a device, or on their way there. Kernels that read them wait for them. Their memory takes
/// another batch when the last reference is gone and the kernels that were given them until then have run.
public protocol StagedPictures: AnyObject, Sendable {
  var count: Int { get }
  /// `PixelKernels.patches` of the pictures `range`.
  func patches(
    _ range: Range<Int>, layout: PixelLayout, size: Int, patch: Int, mean: [Double], deviation: [Double],
    into result: Tensor)
}
