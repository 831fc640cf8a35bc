/// How an array of gradients is cut into buckets, each of which travels at once: a pure function of its length.
///
/// Buckets are sent from the end of the array to its beginning, as a backward pass completes them: parameters stand in
/// the order in which the forward pass uses them. The order is the same on every rank, whatever each of them reaches.
public struct GradientBuckets: Sendable, Equatable {
  public let elementCount: Int
  /// Of every bucket but the last of the array.
  public let bucketElementCount: Int

  /// 4 MiB of float32. On one machine 0.5 to 4 MiB are alike; on a network few large messages are better than many.
  public static let defaultByteCount = 4 << 20
  /// A bucket starts at a multiple of so many elements: 64 bytes of float32.
  private static let alignment = 16

  /// - Parameter byteCount: of a bucket of float32, rounded down to a multiple of 64.
  public init(elementCount: Int, byteCount: Int = GradientBuckets.defaultByteCount) {
    precondition(elementCount >= 0 && byteCount >= 64, "\(elementCount) gradients in buckets of \(byteCount) bytes")
    self.elementCount = elementCount
    bucketElementCount = byteCount / 4 / Self.alignment * Self.alignment
  }

  public var count: Int { (elementCount + bucketElementCount - 1) / bucketElementCount }

  /// The elements of a bucket.
  public subscript(bucket: Int) -> Range<Int> {
    precondition(bucket >= 0 && bucket < count, "there is no bucket \(bucket) of \(count)")
    let start = bucket * bucketElementCount
    return start..<min(start + bucketElementCount, elementCount)
  }

  /// The buckets that hold a part of `elements`.
  public func holding(_ elements: Range<Int>) -> Range<Int> {
    precondition(
      elements.lowerBound >= 0 && elements.upperBound <= elementCount, "elements \(elements) of \(elementCount)")
    guard !elements.isEmpty else { return 0..<0 }
    return elements.lowerBound / bucketElementCount..<(elements.upperBound - 1) / bucketElementCount + 1
  }

  /// The bucket that is sent as number `place`, from 0.
  public func sent(_ place: Int) -> Int { count - 1 - place }
}
