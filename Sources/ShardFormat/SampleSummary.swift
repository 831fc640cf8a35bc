import DurableFiles

/// Everything about a sample but its pixels; the fields are those of `Sample`. Reading one costs a read of a few
/// kilobytes and no decompression.
public struct SampleSummary: Equatable, Sendable {
  public var clipID: String
  public var imageID: String
  public var liveID: String
  public var productID: String
  public var categoryID: String
  public var title: String
  public var asr: String
  public var tags: [String: String]
  public var rightImageIDs: [String]
  public var frameIndices: [Int32]
  public var titleEmbedding: [Float]
  public var asrEmbedding: [Float]

  public var frameCount: Int { frameIndices.count }

  /// The images that answer this clip: `rightImageIDs`, or the sample's own.
  public var answers: [String] { rightImageIDs.isEmpty ? [imageID] : rightImageIDs }

  /// What messages call the sample.
  var place: String { "clip '\(clipID)', image '\(imageID)'" }

  /// A number that two samples share when they are of one clip; of a picture alone, of one live and image.
  public var clipKey: UInt64 { XXH3.hash(clipID.isEmpty ? "image/\(liveID)/\(imageID)" : "clip/\(clipID)") }

  /// A number that two samples share when they are of one product.
  public var productKey: UInt64 { XXH3.hash(productID) }

  /// A number that two samples share when they are of one live stream.
  public var liveKey: UInt64 { XXH3.hash(liveID) }
}
